import type { ParsedArguments } from '../request/parse-arguments.ts'

/** Words of Wireshark's that are no options in kcap's table. */
export const wiresharkWords = [
  { name: 'capture', kind: 'flag' },
  { name: 'fifo', kind: 'text' },
  { name: 'extcap-config', kind: 'flag' },
  { name: 'extcap-interface', kind: 'text' },
  { name: 'extcap-capture-filter', kind: 'text' },
  { name: 'extcap-reload-option', kind: 'text' },
  { name: 'extcap-control-in', kind: 'text' },
  { name: 'extcap-control-out', kind: 'text' },
] as const

/** A command line of Wireshark's. */
export type WiresharkArguments = ParsedArguments<(typeof wiresharkWords)[number]['name']>
