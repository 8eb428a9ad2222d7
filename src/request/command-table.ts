import type { CommandOption } from './option-row.ts'
import { recordOptions } from './record-options.ts'

export interface CommandRow {
  readonly about: string
  /** Allowed values of its first word. */
  readonly words?: readonly string[]
  readonly takesTargets?: boolean
  readonly options?: readonly CommandOption[]
  /** Choices of an option that mean something else to a capture. */
  readonly choices?: Readonly<Record<string, readonly string[]>>
}

const folder: CommandOption = {
  name: 'folder',
  kind: 'text',
  value: 'DIR',
  offers: 'folders',
  help: 'extcap folder (that of each installed Wireshark)',
}

const k9s = { name: 'k9s', kind: 'flag' } as const

/** All commands, in the order of help. Feeds dispatch, help, the man page and completion. */
export const commandTable = {
  list: {
    about: 'list pods, services, workloads and more, as kubectl get, or the interfaces of a target',
    words: [
      ...['contexts', 'namespaces', 'nodes', 'pods', 'containers', 'services', 'deployments', 'statefulsets'],
      ...['daemonsets', 'replicasets', 'jobs', 'cronjobs', 'interfaces'],
    ],
    takesTargets: true,
    options: [{ name: 'no-headers', kind: 'flag', help: 'leave out the line of column names' }],
    choices: { output: ['wide', 'json', 'yaml', 'name'] },
  },
  demo: {
    about: "capture from a small cluster of kcap's own, or keep it running",
    options: [
      { name: 'rate', kind: 'text', value: 'N', help: 'packets per second of each pod' },
      { name: 'serve', kind: 'flag', help: 'keep the cluster running until Ctrl-C, for other commands' },
    ],
  },
  install: {
    about: "add kcap to Wireshark's interface list, and register its links",
    options: [folder, { ...k9s, help: "add plugins for pods, services and deployments to k9s' plugins.yaml instead" }],
  },
  uninstall: {
    about: 'remove what kcap install wrote',
    options: [folder, { ...k9s, help: 'remove only those of k9s' }],
  },
  url: { about: 'print the link that opens the capture of a target', takesTargets: true },
  open: {
    about: 'open such a link after a confirmation',
    options: [{ name: 'dialog', kind: 'flag', help: 'ask in a dialog, even if there is a terminal' }],
  },
  doctor: {
    about: 'check that Wireshark sees kcap, or show the routes to the packets of a target',
    takesTargets: true,
    options: [
      { name: 'try-image', kind: 'flag', help: 'also start the debug image on the node, once' },
      { name: 'record', kind: 'flag', help: 'check the rights that records of pods in the namespace need' },
    ],
    choices: { output: ['json'] },
  },
  record: {
    about: 'record on the nodes of a cluster, and read what was recorded',
    words: ['start', 'list', 'attach', 'fetch', 'stop', 'run'],
    takesTargets: true,
    options: recordOptions,
    choices: { output: ['wide', 'json', 'yaml', 'name'] },
  },
  cleanup: {
    about: 'remove what killed captures left in the cluster',
    options: [{ name: 'dry-run', kind: 'flag', help: 'print what would be removed' }],
  },
  config: { about: "show kcap's config, or write a commented one", words: ['path', 'show', 'init'] },
  completion: { about: 'print a completion script', words: ['bash', 'zsh', 'fish'] },
} as const satisfies Record<string, CommandRow>

export type Command = keyof typeof commandTable
export const commands = Object.keys(commandTable) as readonly Command[]

export function isCommand(word: string | undefined): word is Command {
  return commands.some((command) => command === word)
}

export function findCommand(command: Command): CommandRow {
  return commandTable[command]
}
