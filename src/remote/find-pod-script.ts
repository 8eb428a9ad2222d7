import { isIPv6 } from 'node:net'

/**
 * `find_pod UID,UID_` for the shells of nodes: sets `p` to a process of that pod, or fails. Kubelets write the pod's UID into cgroup names, with
 * systemd's driver `-` as `_`; all runtimes keep that part. A container's main process, the first of its PID namespace (proc_pid_status(5),
 * NSpid), lasts; any other may have ended before its network is entered, and is taken only where there is no main one.
 *
 * `has_addresses PID ADDRESS…` tells whether the network of a process has all of a pod's addresses: what is about to be entered is compared
 * with what the cluster says of the pod, so that no name in a cgroup alone decides whose packets are captured. The addresses are in
 * `fib_trie` (proc_pid_net(5)), IPv4's, as local host routes, and `if_inet6`, IPv6's.
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
} 2>/dev/null
list_addresses() {
  while read -r mark word more; do
    case $mark in '|--') at=$word ;; /32) case $word in host) echo "$at" ;; esac ;; esac
  done < "/proc/$1/net/fib_trie"
  while read -r word more; do echo "$word"; done < "/proc/$1/net/if_inet6"
} 2>/dev/null
has_addresses() {
  there=" $(echo $(list_addresses "$1")) "; shift
  [ $# -gt 0 ] || return 1
  for word; do case $there in *" $word "*) ;; *) return 1 ;; esac; done
}`

/** As `has_addresses` compares them: IPv4 with dots, IPv6 with all its 32 digits. */
export function formatAddress(address: string): string {
  if (!isIPv6(address)) return address
  // The URL standard writes it in one way only: in groups, shortened.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string | undefined) => (text ? text.split(':') : [])
  const before = groups(head)
  const after = groups(tail)
  const zeros = Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join('')
}
