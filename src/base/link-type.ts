/** Link types kcap refers to by name. https://www.tcpdump.org/linktypes.html */
export const linkTypes = {
  null: 0,
  ethernet: 1,
  raw: 101,
  linuxSll: 113,
  /** Written by `tcpdump -i any` since libpcap 1.10. The interface indexes in it belong to the remote side. */
  linuxSll2: 276,
} as const
