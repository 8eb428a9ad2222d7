# shellcheck shell=sh
# shellcheck disable=SC2154 # uploaded_name, pause_seconds: assigned by keep-alive-script.ts
# Main process of a debug container. Arguments: seconds without a capture after which it ends, prefix of the capture ids to look for.
#
# The first process of a container ignores SIGTERM by default, and its shell waits for a program in the foreground.
trap 'exit 0' TERM
# An upload is recognised by its argv, in which the capture id follows `kcap-upload`; this script's own argv must not contain that word. grep is no
# help: busybox's sees nothing after the first NUL, which separates the entries of an environment; `read` drops them. When a read fails, bash keeps
# the previous value in `line`, as for a process that has just ended, so the variable is cleared before each read.
is_captured() {
  for folder in /proc/[0-9]*; do
    name=; read -r name <"$folder/comm"
    case $name in
      tcpdump | tshark | dumpcap | "$uploaded_name"*) file=environ mark=KCAP_CAPTURE=$1 ;;
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
  sleep "$pause_seconds" & wait $!
  if is_captured "$2"; then idle=0; else idle=$((idle+pause_seconds)); fi
done
