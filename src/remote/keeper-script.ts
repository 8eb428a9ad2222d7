import { uploadedNamePrefix } from './upload-script.ts'

/** So often it looks whether a capture runs. */
const pauseSeconds = 5

/**
 * The main process of a debug container: it does nothing, and ends when for `idleSeconds` no capture has run beside it, so that nothing
 * has to be told to it. Captures are known by the capture id that the supervisor puts into their environment, which begins with
 * `captureIdPrefix`; a pod that sees all processes of a node must not wait for those of others.
 */
export function makeKeeperArgv(idleSeconds: number, captureIdPrefix: string): string[] {
  return ['sh', '-c', script, 'kcap-keeper', String(idleSeconds), captureIdPrefix]
}

/**
 * The first process of a container ignores SIGTERM unless it says otherwise, and its shell waits for a program in the foreground. No grep:
 * busybox's sees nothing behind the first NUL, which stands between the entries of an environment; `read` leaves them out. An upload is
 * known by its argv, in which the capture id follows `kcap-upload`; this script's own must not have that word. bash leaves the last value in
 * `line` when a read fails, as it does for a process that has just ended: it is emptied before each.
 */
const script = `
trap 'exit 0' TERM
is_captured() {
  for folder in /proc/[0-9]*; do
    name=; read -r name <"$folder/comm"
    case $name in
      tcpdump | tshark | dumpcap | ${uploadedNamePrefix.slice(0, -1)}*) file=environ mark=KCAP_CAPTURE=$1 ;;
      sh | dash | bash | ash | busybox) file=cmdline mark="kcap-"upload$1 ;;
      *) continue ;;
    esac
    while line=; IFS= read -r line || [ -n "$line" ]; do
      case $line in *"$mark"*) return 0 ;; esac
    done <"$folder/$file"
  done
  return 1
} 2>/dev/null
idle=0
while [ $idle -lt "$1" ]; do
  sleep ${pauseSeconds} & wait $!
  if is_captured "$2"; then idle=0; else idle=$((idle+${pauseSeconds})); fi
done
`
