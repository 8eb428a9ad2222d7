import type { OptionRow } from './option-row.ts'

/** How hosts are reached. */
export const sshOptions: readonly OptionRow[] = [
  {
    group: 'SSH',
    name: 'ssh-host',
    kind: 'text',
    value: 'HOST',
    help: 'capture on this host by SSH; an address, a name, or an alias of your ssh config',
    dialog: { type: 'string', display: 'Host', on: ['ssh'], placeholder: '10.0.0.10 or an alias of your ssh config' },
  },
  {
    group: 'SSH',
    name: 'ssh-user',
    kind: 'text',
    value: 'USER',
    help: 'user there',
    dialog: { type: 'string', display: 'User', on: ['ssh'] },
  },
  {
    group: 'SSH',
    name: 'ssh-port',
    kind: 'text',
    value: 'PORT',
    help: 'port there; default: 22',
    dialog: { type: 'string', display: 'Port', on: ['ssh'], placeholder: '22' },
  },
  {
    group: 'SSH',
    name: 'identity',
    kind: 'list',
    value: 'FILE',
    help: 'private key; repeatable',
    dialog: { type: 'fileselect', display: 'Private key', on: ['ssh'] },
  },
  {
    group: 'SSH',
    name: 'jump-host',
    kind: 'text',
    value: '[USER@]HOST[:PORT][,…]',
    help: 'go through this host, or through several in this order; none: directly',
    dialog: { type: 'string', display: 'Jump host', on: ['ssh'], placeholder: '[user@]host[:port],…' },
  },
  { group: 'SSH', name: 'ssh-config', kind: 'text', value: 'FILE', help: 'instead of ~/.ssh/config' },
  {
    group: 'SSH',
    name: 'sudo',
    kind: 'text',
    value: 'none|sudo|doas',
    choices: ['none', 'sudo', 'doas'],
    help: 'start the capture program with it; default: none',
    dialog: { type: 'selector', display: 'Become root with', on: ['ssh'] },
  },
  {
    group: 'SSH',
    name: 'accept-new-host-key',
    kind: 'flag',
    help: "trust an unknown host's key and remember it",
    dialog: { type: 'boolflag', display: 'Accept the key of a new host', on: ['ssh'] },
  },
]
