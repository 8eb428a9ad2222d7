import type { Sudo } from '../base/target.ts'

/** The far side ends a capture when it has heard nothing for this long. */
const silenceTimeoutSeconds = 20
/** After a stop the capture program gets this long to hand over what it still holds. */
const graceSeconds = 5

/**
 * Lines for the supervisor's standard input. Each is two bytes, so that `dd bs=1 count=2` reads exactly one (busybox's
 * `head -c` takes more from a pipe than it gives), and so does a plain `read`.
 * Each `heartbeat` is answered, which shows that the far side lives and keeps proxies from cutting an idle connection; `release`
 * says that the program's end was noticed here.
 */
export const supervisorWords = { heartbeat: 'h\n', stop: 'q\n', release: 'r\n' } as const

/** Starts each line of the supervisor's own among what the capture program prints on standard error. */
export const reportPrefix = 'kcap-report: '

/**
 * Runs on the far side in dash, bash or busybox ash, and sees to it that the capture program ends: closing an exec channel does
 * not end it (https://github.com/kubernetes/kubernetes/issues/89031), and a cut without FIN never gives end of file. So it
 * watches its standard input and ends the program on `q`, on end of file and on silence. When the program has ended, by itself
 * or not, it says so and waits for `r`: then no watcher is left that would become a zombie of a container's first process.
 *
 * Under sudo the program is a child, or a grandchild when sudo monitors it. sudo hands SIGTERM on (later than a SIGKILL would come, hence
 * the second of sleep) but can't hand on SIGKILL, so `end` goes to the children too; `-Z` lets tcpdump become the calling user once the
 * interface is open, whom it then obeys.
 *
 * Words: capture id, none|sudo|doas, own stream, filter, argv of the capture program.
 */
const script = `
exec 3<&0 </dev/null
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH
KCAP_CAPTURE=$1; export KCAP_CAPTURE
raise=$2 own=$3 filter=$4; shift 4
say() { printf '${reportPrefix}%s\\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }
has "$1" || { say missing "$1"; exit 127; }
if (read -r -t 1 b </dev/null) 2>/dev/null; [ $? = 1 ]; then hear() { read -r -t "$1" b <&3 && echo "$b"; }
elif has timeout && has dd; then hear() { timeout "$1" dd bs=1 count=2 <&3; }
else hear() { read -r b <&3 && echo "$b"; }
fi
without() { if [ -n "$filter" ]; then filter="($filter) and not ($1)"; else filter="not ($1)"; fi; }
without_ssh() { without "tcp and host \${1%%[%]*} and port $2 and host \${3%%[%]*} and port $4"; }
without_host() {
  without 'tcp port 10250'
  [ -z "$1" ] || without "tcp and host \${1%:*} and port \${1##*:}"
  while read -r x address x state x x x uid x; do
    case $state$uid$address in 0A00100007F:*)
      port=$((0x\${address#*:}))
      [ $port -lt 32768 ] || without "tcp and host 127.0.0.1 and port $port" ;;
    esac
  done < /proc/net/tcp
}
case $own in
  ssh) [ -z "$SSH_CONNECTION" ] || without_ssh $SSH_CONNECTION ;;
  host:*) without_host "\${own#host:}" ;;
esac
if [ "$raise" != none ] && [ "$(id -u)" != 0 ]; then
  has "$raise" || { say missing "$raise"; exit 127; }
  tool=$1; shift
  set -- "$raise" -n "$tool" -Z "$(id -un)" "$@"
fi
[ -z "$filter" ] || set -- "$@" "$filter"
say using "$*"
clock=$(date +%s.%N 2>/dev/null) && say clock "$clock"
"$@" 3<&- & p=$!
children() { c=; read -r c < "/proc/$1/task/$1/children"; echo "$c"; }
end() {
  for child in $(children $p); do
    for grandchild in $(children $child); do kill -"$1" $grandchild; done
    kill -"$1" $child
  done
  kill -"$1" $p
}
exec 4>&2
(
  trap '' PIPE
  exec >/dev/null 2>&1
  while b=$(hear ${silenceTimeoutSeconds}) && [ -n "$b" ]; do
    case $b in q) break ;; r) exit ;; esac
    printf '${reportPrefix}alive\\n' >&4 || break
  done
  end TERM
  [ "$b" != q ] || b=$(hear ${graceSeconds})
  [ "$raise" = none ] || [ "$b" = q ] || sleep 1
  [ -n "$b" ] || end KILL
) & w=$!
wait $p; s=$?
say ended $s
wait $w
exit $s
`

export interface SupervisedCapture {
  /** Stands in the environment of the capture program as KCAP_CAPTURE, so that what is left behind can be told as kcap's. */
  readonly captureId: string
  readonly sudo: Sudo
  /** How kcap's own stream is known on the far side, to be left out of the capture. */
  readonly ownStream: OwnStream
  readonly filter: string
  readonly argv: readonly string[]
}

export type OwnStream =
  /** The stream does not pass where the capture listens. */
  | { readonly kind: 'elsewhere' }
  /** As sshd tells in SSH_CONNECTION. */
  | { readonly kind: 'ssh' }
  /**
   * On a node's own network: the kubelet's port, the API server's address, and the loopback ports on which container runtimes
   * hand streams to the kubelet (listening, root's, from the ephemeral range: `stream_server_port = "0"` in containerd's config).
   */
  | { readonly kind: 'host'; readonly apiAddress?: { readonly host: string; readonly port: number } }

/** The whole far side as one argv. */
export function makeSupervisedArgv(capture: SupervisedCapture): string[] {
  return [
    'sh',
    '-c',
    script,
    'kcap',
    capture.captureId,
    capture.sudo,
    formatOwnStream(capture.ownStream),
    capture.filter,
    ...capture.argv,
  ]
}

function formatOwnStream(own: OwnStream): string {
  if (own.kind !== 'host') return own.kind
  return own.apiAddress === undefined ? 'host:' : `host:${own.apiAddress.host}:${own.apiAddress.port}`
}
