/** Lengths in bytes of a pcap's headers. https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html */
export const fileHeaderLength = 24
export const recordHeaderLength = 16
