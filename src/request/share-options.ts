import type { OptionRow } from './option-row.ts'

/** `10.0.0.7:7443`, `[::1]:0`, `tcp://127.0.0.1:57012`, `unix:/run/user/1000/orders.sock`. */
export const shareAddress =
  /^(?:unix:(?<path>.+)|(?<protocol>tcp:\/\/)?(?:\[(?<ipv6>[\da-f:.]+)\]|(?<host>[\w.-]+)):(?<port>\d{1,5}))$/is

/** Options that let others read the capture while it runs. */
export const shareOptions = [
  {
    group: 'Output',
    name: 'serve',
    kind: 'text',
    value: 'ADDRESS:PORT',
    bare: { value: '127.0.0.1:0', followedBy: shareAddress },
    help: 'let others read the capture while it runs; prints a link (127.0.0.1, a free port)',
  },
  {
    group: 'Output',
    name: 'serve-readers',
    kind: 'text',
    value: 'N',
    help: 'maximum number of readers at a time (8)',
  },
  {
    group: 'Output',
    name: 'serve-cert',
    kind: 'text',
    value: 'FILE',
    offers: 'files',
    help: 'certificate for --serve in PEM (one is made for each capture)',
  },
  {
    group: 'Output',
    name: 'serve-key',
    kind: 'text',
    value: 'FILE',
    offers: 'files',
    help: 'key of the certificate of --serve-cert, in PEM',
  },
  {
    group: 'Output',
    name: 'serve-insecure',
    kind: 'flag',
    help: 'let --serve tcp:// leave loopback, without login and encryption',
  },
] as const satisfies readonly OptionRow[]
