/** Lengths in bytes of a pcap's headers. https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html */
export const fileHeaderLength = 24
export const recordHeaderLength = 16

/** Maximum captured length, Wireshark's WTAP_MAX_PACKET_SIZE_STANDARD: dumpcap ends a capture at a longer packet. */
export const maxCapturedLength = 262_144
