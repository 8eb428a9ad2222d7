import { isIPv6 } from 'node:net'

/** Returns an address as `has_addresses` in find-pod.sh compares it: IPv4 with dots, IPv6 with all 32 digits. */
export function formatAddress(address: string): string {
  if (!isIPv6(address)) return address
  // The URL standard has a single form for it: in groups, shortened.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string | undefined) => (text ? text.split(':') : [])
  const before = groups(head)
  const after = groups(tail)
  const zeros = Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join('')
}
