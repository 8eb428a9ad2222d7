/** Link types kcap meets by name. https://www.tcpdump.org/linktypes.html */
export const linkTypes = {
  null: 0,
  ethernet: 1,
  raw: 101,
  linuxSll: 113,
  /** Written by `tcpdump -i any` since libpcap 1.10; the interface indexes inside are those of the remote side. */
  linuxSll2: 276,
} as const
