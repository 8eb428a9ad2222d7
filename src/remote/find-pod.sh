# shellcheck shell=sh
# shellcheck disable=SC2034 # `read` splits lines into more words than are used
# Functions for nodes; they need `has`.
is_main() {
  while read -r key ids; do case $key in NSpid:) case $ids in *[!0-9]1) return 0 ;; esac; return 1 ;; esac; done < "/proc/$1/status"
  return 1
}
# `find_pod UID,UID_` sets `p` to a process of that pod, or fails. Kubelets put the pod's UID into cgroup names, with `-` as `_` for systemd's driver;
# all runtimes keep that part. A container's main process, the first of its PID namespace (proc_pid_status(5), NSpid), lasts. Any other process may
# end before its network is entered, so it is used only if there is no main one.
find_pod() {
  found=
  a=pod${1%,*} b=pod${1#*,}
  # shellcheck disable=SC2046 # paths of /proc have no spaces
  if has grep; then set -- $(grep -lF -e "$a" -e "$b" /proc/[0-9]*/cgroup); else set -- /proc/[0-9]*/cgroup; fi
  for file; do
    p=${file%/cgroup}; p=${p#/proc/}; line=
    IFS= read -r line < "/proc/$p/cmdline"; [ -n "$line" ] || continue
    while read -r line; do case $line in *"$a"* | *"$b"*) found="$found $p"; break ;; esac; done < "$file"
  done
  for p in $found; do ! is_main "$p" || return 0; done
  p=${found##* }; [ -n "$p" ]
} 2>/dev/null
# IPv4 addresses are in `fib_trie` (proc_pid_net(5)), as local host routes; IPv6 addresses are in `if_inet6`.
list_addresses() {
  while read -r mark word more; do
    case $mark in '|--') at=$word ;; /32) case $word in host) echo "$at" ;; esac ;; esac
  done < "/proc/$1/net/fib_trie"
  while read -r word more; do echo "$word"; done < "/proc/$1/net/if_inet6"
} 2>/dev/null
# `has_addresses PID ADDRESS…` returns whether the network of a process has all of a pod's addresses. This compares the network about to be entered
# with what the cluster reports, so that a cgroup's name alone never decides whose packets are captured.
has_addresses() {
  # shellcheck disable=SC2005,SC2046,SC2116 # joins the lines by spaces
  there=" $(echo $(list_addresses "$1")) "; shift
  [ $# -gt 0 ] || return 1
  for word; do case $there in *" $word "*) ;; *) return 1 ;; esac; done
}
