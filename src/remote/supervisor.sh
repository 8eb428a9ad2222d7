# shellcheck shell=sh
# shellcheck disable=SC2046,SC2086,SC2048 # words that are split on purpose, and numbers
# shellcheck disable=SC2034 # `read` splits lines into more words than are used
# shellcheck disable=SC2154 # report_prefix, uploaded_prefix, silence_seconds, grace_seconds: assigned by supervisor-script.ts
# Runs a capture program and ensures that it ends. Arguments: capture id, none|sudo|sudo-password|doas, own stream, filter,
# here|pod:UID,UID_ ADDRESS…, none|gzip, then for each program the number of its words and the words. A password for sudo is the first line of standard
# input.
exec 3<&0 </dev/null
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C; export PATH LC_ALL
. ./read-line.sh
# The id in its environment, which it passes on, identifies a capture as kcap's.
KCAP_CAPTURE=$1; export KCAP_CAPTURE
# `printf` is a built-in in all three shells, so no argv contains the password.
raise=${2%-password} password=
[ "$2" = "$raise" ] || IFS= read -r password <&3
own=$3 filter=$4 network=$5 compression=$6 terms=; shift 6
say() { printf '%s%s\n' "$report_prefix" "$*" >&2; }
missing=$2
# The first program installed runs.
while [ $# -gt 0 ] && ! has "$2"; do shift $(($1+1)); done
[ $# -gt 0 ] || { say missing "$missing"; exit 127; }
count=$1; shift; i=0
for word; do [ $i -gt 0 ] || set --; i=$((i+1)); [ $i -gt $count ] || set -- "$@" "$word"; done
# The terms that leave out kcap's own stream precede the user's filter: `vlan`, `mpls`, `pppoes` and `geneve` shift where everything to their right
# looks, and parentheses do not end that.
without() { terms="${terms:+$terms and }not ($1)"; }
# An sshd whose connection is not TCP (`UNKNOWN`) yields no term.
without_ssh() {
  [ $# = 4 ] || return 0
  client=${1%%[%]*} server=${3%%[%]*}
  client=${client#::ffff:} server=${server#::ffff:}
  case $client$server in *[!0-9A-Fa-f.:]*) return 0 ;; esac
  received="src host $client and src port $2 and dst host $server and dst port $4"
  sent="src host $server and src port $4 and dst host $client and dst port $2"
  without "tcp and (($received) or ($sent))"
}
without_ports() { shift; for port; do without "tcp port $port"; done; }
without_end() { without "tcp and ((src host $1 and src port $2) or (dst host $1 and dst port $2))"; }
without_host() {
  without 'tcp port 10250'
  shift
  for place; do
    case $place in
      :[0-9]*) without "tcp port ${place#:}" ;;
      *) without_end "${place%:*}" "${place##*:}" ;;
    esac
  done
  # In one piece: to read a file by lines, bash seeks back to the end of each line, for which the kernel walks all connections again.
  IFS='
'
  set -- $(cat /proc/net/tcp)
  unset IFS
  for row; do
    case $row in *': 0100007F:'*' 0A '*)
      set -- $row
      port=$((0x${2#*:}))
      [ "$4 $8" != '0A 0' ] || [ $port -lt 32768 ] || without_end 127.0.0.1 $port ;;
    esac
  done
}
case $own in
  ssh) [ -z "$SSH_CONNECTION" ] || without_ssh $SSH_CONNECTION ;;
  local*) without_ports $own; [ -z "$SSH_CONNECTION" ] || without_ssh $SSH_CONNECTION ;;
  host*) without_host $own ;;
esac
[ -z "$terms" ] || filter="$terms${filter:+ and ($filter)}"
[ "$raise" = none ] || [ "$(id -u)" != 0 ] || raise=none
# A tcpdump with its own capabilities needs no sudo.
if [ "$raise" != none ] && [ "$network" = here ] && has getcap; then
  case $(getcap "$(command -v "$1")") in *cap_net_raw*) raise=none ;; esac
fi 2>/dev/null
[ "$raise" = none ] || has "$raise" || { say missing "$raise"; exit 127; }
# Root without CAP_KILL could not end a tcpdump that has become another user, so that tcpdump stays root.
may_kill() {
  while read -r key value x; do
    case $key$value in Uid:[1-9]* | CapEff:*[2367abef]?) return 0 ;; esac
  done < /proc/self/status
  return 1
}
# `-Z` makes tcpdump become the calling user once the interface is open, and that user may end it.
tool=$1; shift
case ${tool##*/} in
  tcpdump | "$uploaded_prefix"*)
    [ -z "$filter" ] || set -- "$@" "$filter"
    if [ "$raise" != none ]; then set -- -Z "$(id -un)" "$@"
    elif ! may_kill; then set -- -Z root "$@"
    fi ;;
  dumpcap | tshark) [ -z "$filter" ] || set -- "$@" -f "$filter" ;;
esac
set -- "$tool" "$@"
. ./find-pod.sh
case $network in pod:*)
  has nsenter || { say missing nsenter; exit 127; }
  network=${network#pod:}
  find_pod "${network%% *}" || { say no-pod; exit 127; }
  has_addresses "$p" ${network#* } || { say other-pod; exit 127; }
  set -- nsenter -t "$p" -n -- "$@" ;;
esac
if [ "$raise" = none ]; then password=
elif [ -n "$password" ]; then set -- "$raise" -S -p '' "$@"
else set -- "$raise" -n "$@"
fi
for word in gzip dd; do
  [ $compression = none ] || has $word || { say uncompressed $word; compression=none; }
done
say using "$*"
clock=$(date +%s.%N 2>/dev/null) && say clock "$clock"
# Under sudo the program is a child, or a grandchild if sudo monitors it. sudo forwards SIGTERM, but later than a SIGKILL would arrive, hence the
# second of sleep in `watch`. It cannot forward SIGKILL, so `end` signals the children too.
children() { c=; read -r c < "/proc/$1/task/$1/children"; echo "$c"; }
end() {
  for child in $(children $p); do
    for grandchild in $(children $child); do kill -"$1" $grandchild; done
    kill -"$1" $child
  done
  kill -"$1" $p
  [ "$1" != KILL ] || [ -z "$exit_pid" ] || kill -KILL $exit_pid
}
p='' exit_pid='' w=''
watch() {
  exec 4>&2
  (
    trap '' PIPE
    exec >/dev/null 2>&1
    while b=$(read_line "$silence_seconds") && [ -n "$b" ]; do
      case $b in q) break ;; r) exit ;; esac
      printf '%salive\n' "$report_prefix" >&4 || break
    done
    [ -n "$b" ] || printf '%ssilent\n' "$report_prefix" >&4
    end TERM
    [ "$b" != q ] || b=$(read_line "$grace_seconds")
    [ "$raise" = none ] || [ "$b" = q ] || sleep 1
    [ -n "$b" ] || end KILL
  ) & w=$!
}
# Waits for `r`. Otherwise the watcher could remain and become a zombie of a container's first process.
finish() {
  say ended $1
  wait $w
  exit $1
}
if [ $compression = none ]; then
  if [ -n "$password" ]; then printf '%s\n' "$password" | "$@" 3<&- & else "$@" 3<&- & fi
  p=$! password=
  watch
  wait $p
  finish $?
fi

. ./compress.sh
# The program runs in parallel with the compressor. Its pid and its end arrive through a separate pipe, which closes with the last of them. The stream
# leaves through a single dd, so killing that dd unblocks everything that hangs on a stalled connection.
exec 5>&1
{
  {
    if [ -n "$password" ]; then printf '%s\n' "$password" | "$@" 3<&- 5>&- 6>&- & else "$@" 3<&- 5>&- 6>&- & fi
    echo program $! >&6; wait $!; echo status $? >&6
  } | compress |
    { read -r word x </proc/self/stat; echo exit $word >&6; exec dd bs=65536 >&5 2>/dev/null; }
} 6>&1 | {
  s=137
  while read -r key value; do
    case $key in program) p=$value ;; exit) exit_pid=$value ;; status) s=$value ;; esac
    [ -z "$p" ] || [ -z "$exit_pid" ] || [ -n "$w" ] || watch
  done
  finish $s
}
