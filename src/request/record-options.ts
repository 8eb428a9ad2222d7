import type { CommandOption } from './option-row.ts'

/** Options of `kcap record` in addition to those of a capture. */
export const recordOptions = [
  { name: 'for', kind: 'text', value: 'TIME', help: 'start: end after this time at the latest, up to 30d (1h)' },
  {
    name: 'name',
    kind: 'text',
    value: 'NAME',
    help: 'start: name of the record; that of a running one adds missing nodes',
  },
  { name: 'image', kind: 'text', value: 'IMAGE', help: 'start: image of the recorders (the debug image)' },
  {
    name: 'service-account',
    kind: 'text',
    value: 'NAME',
    help: 'start: account that may read pods, instead of a new one',
  },
  { name: 'priority-class', kind: 'text', value: 'NAME', help: 'start: priority class of the recorders (none)' },
  {
    name: 's3-secret',
    kind: 'text',
    value: 'NAME',
    help: 'start: secret whose keys become variables of the recorders',
  },
  { name: 'dry-run', kind: 'flag', help: 'start: print the objects as YAML, and create nothing' },
  { name: 'last', kind: 'text', value: 'TIME', help: 'fetch: only packets of this time up to now, such as 10m' },
  {
    name: 'to',
    kind: 'text',
    value: 'TIME|URL',
    help: 'fetch: only packets up to then; start: store files, as for a capture',
  },
  { name: 'from', kind: 'text', value: 'TIME', help: 'fetch: only packets from then on: 21:05, 2026-11-30T21:05:00Z' },
  { name: 'no-headers', kind: 'flag', help: 'list: leave out the line of column names' },
] as const satisfies readonly CommandOption[]

export type RecordOption = (typeof recordOptions)[number]['name']
