import { compressFunction, compressPrograms } from './compress-script.ts'
import { findPodScript } from './find-pod-script.ts'
import { hearFunction } from './hear-script.ts'
import { uploadedNamePrefix } from './upload-script.ts'

/** Silence after which the remote side ends a capture, in seconds. */
const defaultSilenceSeconds = 20
/** Time that a stopped capture program has to deliver what it still holds, in seconds. */
const graceSeconds = 5

/**
 * Lines for the supervisor's standard input. Each is two bytes, so that `dd bs=1 count=2` or a plain `read` reads exactly one. (busybox's `head -c`
 * consumes more of a pipe than it outputs.) The supervisor answers each `heartbeat`, which shows that the remote side is alive. The answers also keep
 * proxies from cutting an idle connection. `release` acknowledges the program's end.
 */
export const supervisorWords = { heartbeat: 'h\n', stop: 'q\n', release: 'r\n' } as const

/** Prefix of the supervisor's own lines among the capture program's standard error. */
export const reportPrefix = 'kcap-report: '

/**
 * Script that runs on the remote side in dash, bash or busybox ash and ensures that the capture program ends. Closing an exec channel does not end it
 * (https://github.com/kubernetes/kubernetes/issues/89031), and a cut without FIN never produces end of file. The script therefore watches its
 * standard input, and ends the program on `q`, on end of file and on silence. When the program has ended, for whatever reason, it reports that and
 * waits for `r`. Otherwise a watcher could remain that becomes a zombie of a container's first process.
 *
 * Under sudo the program is a child, or a grandchild if sudo monitors it. sudo forwards SIGTERM, but later than a SIGKILL would arrive, hence the
 * second of sleep. It cannot forward SIGKILL, so `end` signals the children too. `-Z` makes tcpdump become the calling user once the interface is
 * open, and that user may end it.
 *
 * Root without CAP_KILL could not end a tcpdump that has become another user (`may_kill`), so that tcpdump stays root.
 *
 * The terms that leave out kcap's own stream precede the user's filter: `vlan`, `mpls`, `pppoes` and `geneve` shift where everything to their right
 * looks, and parentheses do not end that. An sshd whose connection is not TCP (`UNKNOWN`) yields no term.
 *
 * If several programs are given, the first one installed runs.
 *
 * A password for sudo is the first line of standard input. `printf` is a built-in in all three shells, so no argv contains the password. A tcpdump
 * with its own capabilities needs no sudo.
 *
 * If the stream is compressed, the program runs in parallel with the compressor. Its pid and its end arrive through a separate pipe, which closes
 * with the last of them. The stream leaves through a single dd, so killing that dd unblocks everything that hangs on a stalled connection.
 *
 * /proc/net/tcp is read in one piece: to read a file by lines, bash seeks back to the end of each line, for which the kernel walks all connections
 * again.
 *
 * Arguments: capture id, none|sudo|sudo-password|doas, own stream, filter, here|pod:UID,UID_ ADDRESS…, none|gzip, then for each program the number of
 * its words and the words.
 */
export const makeSupervisorScript = (silenceSeconds = defaultSilenceSeconds) => `
exec 3<&0 </dev/null
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C; export PATH LC_ALL
KCAP_CAPTURE=$1; export KCAP_CAPTURE
raise=\${2%-password} password=
[ "$2" = "$raise" ] || IFS= read -r password <&3
own=$3 filter=$4 network=$5 compression=$6 terms=; shift 6
say() { printf '${reportPrefix}%s\\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }
missing=$2
while [ $# -gt 0 ] && ! has "$2"; do shift $(($1+1)); done
[ $# -gt 0 ] || { say missing "$missing"; exit 127; }
count=$1; shift; i=0
for word; do [ $i -gt 0 ] || set --; i=$((i+1)); [ $i -gt $count ] || set -- "$@" "$word"; done
${hearFunction}
without() { terms="\${terms:+$terms and }not ($1)"; }
without_ssh() {
  [ $# = 4 ] || return 0
  client=\${1%%[%]*} server=\${3%%[%]*}
  client=\${client#::ffff:} server=\${server#::ffff:}
  case $client$server in *[!0-9A-Fa-f.:]*) return 0 ;; esac
  received="src host $client and src port $2 and dst host $server and dst port $4"
  sent="src host $server and src port $4 and dst host $client and dst port $2"
  without "tcp and (($received) or ($sent))"
}
without_end() { without "tcp and ((src host $1 and src port $2) or (dst host $1 and dst port $2))"; }
without_host() {
  without 'tcp port 10250'
  shift
  for place; do
    case $place in
      :[0-9]*) without "tcp port \${place#:}" ;;
      *) without_end "\${place%:*}" "\${place##*:}" ;;
    esac
  done
  IFS='
'
  set -- $(cat /proc/net/tcp)
  unset IFS
  for row; do
    case $row in *': 0100007F:'*' 0A '*)
      set -- $row
      port=$((0x\${2#*:}))
      [ "$4 $8" != '0A 0' ] || [ $port -lt 32768 ] || without_end 127.0.0.1 $port ;;
    esac
  done
}
case $own in
  ssh) [ -z "$SSH_CONNECTION" ] || without_ssh $SSH_CONNECTION ;;
  host*) without_host $own ;;
esac
[ -z "$terms" ] || filter="$terms\${filter:+ and ($filter)}"
[ "$raise" = none ] || [ "$(id -u)" != 0 ] || raise=none
if [ "$raise" != none ] && [ "$network" = here ] && has getcap; then
  case $(getcap "$(command -v "$1")") in *cap_net_raw*) raise=none ;; esac
fi 2>/dev/null
[ "$raise" = none ] || has "$raise" || { say missing "$raise"; exit 127; }
may_kill() {
  while read -r key value x; do
    case $key$value in Uid:[1-9]* | CapEff:*[2367abef]?) return 0 ;; esac
  done < /proc/self/status
  return 1
}
tool=$1; shift
case \${tool##*/} in
  tcpdump | ${uploadedNamePrefix}*)
    [ -z "$filter" ] || set -- "$@" "$filter"
    if [ "$raise" != none ]; then set -- -Z "$(id -un)" "$@"
    elif ! may_kill; then set -- -Z root "$@"
    fi ;;
  dumpcap | tshark) [ -z "$filter" ] || set -- "$@" -f "$filter" ;;
esac
set -- "$tool" "$@"
${findPodScript}
case $network in pod:*)
  has nsenter || { say missing nsenter; exit 127; }
  network=\${network#pod:}
  find_pod "\${network%% *}" || { say no-pod; exit 127; }
  has_addresses "$p" \${network#* } || { say other-pod; exit 127; }
  set -- nsenter -t "$p" -n -- "$@" ;;
esac
if [ "$raise" = none ]; then password=
elif [ -n "$password" ]; then set -- "$raise" -S -p '' "$@"
else set -- "$raise" -n "$@"
fi
for word in ${compressPrograms.join(' ')}; do
  [ $compression = none ] || has $word || { say uncompressed $word; compression=none; }
done
say using "$*"
clock=$(date +%s.%N 2>/dev/null) && say clock "$clock"
children() { c=; read -r c < "/proc/$1/task/$1/children"; echo "$c"; }
end() {
  for child in $(children $p); do
    for grandchild in $(children $child); do kill -"$1" $grandchild; done
    kill -"$1" $child
  done
  kill -"$1" $p
  [ "$1" != KILL ] || [ -z "$exit_pid" ] || kill -KILL $exit_pid
}
p= exit_pid= w=
watch() {
  exec 4>&2
  (
    trap '' PIPE
    exec >/dev/null 2>&1
    while b=$(hear ${silenceSeconds}) && [ -n "$b" ]; do
      case $b in q) break ;; r) exit ;; esac
      printf '${reportPrefix}alive\\n' >&4 || break
    done
    [ -n "$b" ] || printf '${reportPrefix}silent\\n' >&4
    end TERM
    [ "$b" != q ] || b=$(hear ${graceSeconds})
    [ "$raise" = none ] || [ "$b" = q ] || sleep 1
    [ -n "$b" ] || end KILL
  ) & w=$!
}
finish() {
  say ended $1
  wait $w
  exit $1
}
if [ $compression = none ]; then
  if [ -n "$password" ]; then printf '%s\\n' "$password" | "$@" 3<&- & else "$@" 3<&- & fi
  p=$! password=
  watch
  wait $p
  finish $?
fi
${compressFunction}
exec 5>&1
{
  {
    if [ -n "$password" ]; then printf '%s\\n' "$password" | "$@" 3<&- 5>&- 6>&- & else "$@" 3<&- 5>&- 6>&- & fi
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
`
