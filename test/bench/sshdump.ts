import { existsSync } from 'node:fs'

/** Wireshark's own extcap for SSH, where Debian puts it up to 12, and after. */
export function findSshdump(): string {
  const places = ['/usr/lib/x86_64-linux-gnu/wireshark/extcap', '/usr/libexec/wireshark/extcap']
  const found = places.map((place) => `${place}/sshdump`).find((file) => existsSync(file))
  if (found === undefined) throw new Error('cannot find sshdump: it comes with Wireshark')
  return found
}
