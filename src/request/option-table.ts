import { protocols } from '../remote/capture-filter.ts'

/** One option of kcap. This table feeds parsing, help and Wireshark's dialog. */
export interface OptionRow {
  /** Long name without dashes. */
  readonly name: string
  readonly short?: string
  readonly aliases?: readonly string[]
  readonly kind: 'text' | 'flag' | 'list'
  /** How help calls its value. */
  readonly value?: string
  readonly choices?: readonly string[]
  readonly help: string
  readonly group: OptionGroup
  /** Its argument in Wireshark's dialog; absent: not offered there. */
  readonly dialog?: DialogArgument
}

export type OptionGroup = 'Target' | 'Capture' | 'Limits' | 'Output' | 'SSH' | 'Reporting'

export interface DialogArgument {
  /** Wireshark's, doc/extcap.4. No `editselector`: Wireshark 4.0 registers no preference for it, so that it would forget what was chosen. */
  readonly type: 'string' | 'unsigned' | 'selector' | 'password' | 'fileselect' | 'boolflag'
  readonly display: string
  /** For a `selector`: what its button says, which fills the list from the cluster or the host. */
  readonly reload?: string
  /** For such a list: what stands there when nothing is chosen; the value then is none. */
  readonly unchosen?: string
  /** For such a list: what it has before it is loaded. */
  readonly entries?: readonly string[]
  /** Interfaces that have it; absent: all. */
  readonly on?: readonly ('pod' | 'cluster' | 'ssh' | 'demo')[]
  readonly placeholder?: string
}

export const optionTable: readonly OptionRow[] = [
  {
    group: 'Target',
    name: 'context',
    kind: 'text',
    value: 'NAME',
    help: 'kubeconfig context; default: the current one',
  },
  { group: 'Target', name: 'kubeconfig', kind: 'text', value: 'FILE', help: 'kubeconfig file; default: as kubectl' },
  {
    group: 'Target',
    name: 'namespace',
    short: 'n',
    kind: 'text',
    value: 'NS',
    help: "namespace; default: the context's",
    dialog: {
      type: 'selector',
      display: 'Namespace',
      on: ['cluster'],
      reload: 'Load namespaces',
      unchosen: "the context's namespace",
    },
  },
  {
    group: 'Target',
    name: 'pod',
    kind: 'text',
    value: 'POD',
    help: 'pod to capture in',
  },
  {
    group: 'Target',
    name: 'service',
    kind: 'text',
    value: 'SVC',
    help: 'all pods behind a service',
  },
  {
    group: 'Target',
    name: 'target',
    kind: 'text',
    value: 'TARGET',
    help: 'as the word TARGET: pod/X, svc/X, deploy/X, sts/X, ds/X, rs/X, job/X',
    dialog: {
      type: 'selector',
      display: 'Pod, workload or service',
      on: ['cluster'],
      reload: 'Load pods and services',
      unchosen: 'choose one',
    },
  },
  {
    group: 'Target',
    name: 'container',
    short: 'c',
    kind: 'text',
    value: 'NAME',
    help: 'container of the pod; default: the first that runs',
    dialog: {
      type: 'selector',
      display: 'Container',
      on: ['pod', 'cluster', 'demo'],
      reload: 'Load containers',
      unchosen: 'the first that runs',
    },
  },
  {
    group: 'Target',
    name: 'via',
    kind: 'text',
    value: 'auto|exec|kubectl',
    choices: ['auto', 'exec', 'kubectl'],
    help: 'the way into the pod: kube exec (auto, exec), or your kubectl',
    dialog: { type: 'selector', display: 'Route', on: ['pod', 'cluster'] },
  },
  {
    group: 'Capture',
    name: 'iface',
    short: 'i',
    kind: 'text',
    value: 'NAME',
    help: 'interface on the far side; default: any',
    dialog: {
      type: 'selector',
      display: 'Interface',
      reload: 'Load interfaces',
      unchosen: 'any',
      entries: ['eth0', 'lo'],
    },
  },
  {
    group: 'Capture',
    name: 'port',
    kind: 'list',
    value: 'P[,P…]|A-B',
    help: 'only these ports; repeatable',
    dialog: { type: 'string', display: 'Ports', placeholder: '80,443 or 8000-8010' },
  },
  {
    group: 'Capture',
    name: 'protocol',
    kind: 'text',
    value: protocols.join('|'),
    choices: protocols,
    help: 'only this protocol; default: all',
    dialog: { type: 'selector', display: 'Protocol' },
  },
  {
    group: 'Capture',
    name: 'filter',
    kind: 'text',
    value: 'EXPR',
    help: "any capture filter, as tcpdump's: 'host 10.0.0.5 and not port 22'",
    dialog: { type: 'string', display: 'Capture filter', placeholder: 'host 10.0.0.5 and not port 22' },
  },
  {
    group: 'Capture',
    name: 'snaplen',
    kind: 'text',
    value: 'N',
    help: 'bytes kept of each packet; 0 (default): all',
    dialog: { type: 'unsigned', display: 'Snap length (0: whole packets)' },
  },
  {
    group: 'Limits',
    name: 'duration',
    kind: 'text',
    value: '60|90s|5m',
    help: 'stop after this time',
    dialog: { type: 'string', display: 'Stop after (time)', placeholder: '90s or 5m' },
  },
  {
    group: 'Limits',
    name: 'count',
    kind: 'text',
    value: 'N',
    help: 'stop after N packets',
    dialog: { type: 'unsigned', display: 'Stop after (packets, 0: never)' },
  },
  {
    group: 'Limits',
    name: 'max-size',
    kind: 'text',
    value: '100MB',
    help: 'stop when the output has this size',
    dialog: { type: 'string', display: 'Stop after (size)', placeholder: '100MB' },
  },
  {
    group: 'Output',
    name: 'output',
    short: 'o',
    aliases: ['w'],
    kind: 'text',
    value: 'FILE|-',
    help: 'where to; - is standard output; default: capture-YYYYMMDD-HHMMSS.pcapng',
  },
  {
    group: 'Output',
    name: 'format',
    kind: 'text',
    value: 'pcap|pcapng',
    choices: ['pcap', 'pcapng'],
    help: "default: by the file's ending, else pcapng",
  },
  { group: 'Output', name: 'force', kind: 'flag', help: 'overwrite the output file' },
  { group: 'Output', name: 'wireshark', kind: 'flag', help: 'start Wireshark on the live stream' },
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
    value: '[USER@]HOST[:PORT]',
    help: 'go through this host',
    dialog: { type: 'string', display: 'Jump host', on: ['ssh'], placeholder: '[user@]host[:port]' },
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
  { group: 'Reporting', name: 'quiet', short: 'q', kind: 'flag', help: 'no progress line, no summary' },
  { group: 'Reporting', name: 'verbose', short: 'v', kind: 'flag', help: 'tell each step; stack traces with errors' },
  { group: 'Reporting', name: 'json', kind: 'flag', help: 'progress and summary as JSON lines on stderr' },
  {
    group: 'Reporting',
    name: 'log-file',
    kind: 'text',
    value: 'FILE',
    help: 'write the steps there',
    dialog: { type: 'string', display: 'Log file', placeholder: 'none' },
  },
]

export function findOption(name: string): OptionRow | undefined {
  return optionTable.find((row) => row.name === name)
}
