/**
 * `find_pod UID,UID_` for the shells of nodes: sets `p` to a process of that pod, or fails. Kubelets write the pod's UID into cgroup names, with
 * systemd's driver `-` as `_`; all runtimes keep that part. A container's main process, the first of its PID namespace (proc_pid_status(5),
 * NSpid), lasts; any other may have ended before its network is entered, and is taken only where there is no main one.
 */
export const findPodScript = `is_main() {
  while read -r key ids; do case $key in NSpid:) case $ids in *[!0-9]1) return 0 ;; esac; return 1 ;; esac; done < "/proc/$1/status"
  return 1
}
find_pod() {
  found=
  a=pod\${1%,*} b=pod\${1#*,}
  if has grep; then set -- $(grep -lF -e "$a" -e "$b" /proc/[0-9]*/cgroup); else set -- /proc/[0-9]*/cgroup; fi
  for file; do
    p=\${file%/cgroup}; p=\${p#/proc/}; line=
    IFS= read -r line < "/proc/$p/cmdline"; [ -n "$line" ] || continue
    while read -r line; do case $line in *"$a"* | *"$b"*) found="$found $p"; break ;; esac; done < "$file"
  done
  for p in $found; do ! is_main "$p" || return 0; done
  p=\${found##* }; [ -n "$p" ]
} 2>/dev/null`
