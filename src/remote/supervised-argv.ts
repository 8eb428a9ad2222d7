import { isIPv6 } from 'node:net'
import type { Sudo } from '../base/target.ts'
import { makeSupervisorScript } from './supervisor-script.ts'

export interface SupervisedCapture {
  /** Value of KCAP_CAPTURE in the capture program's environment, which identifies leftovers as kcap's. */
  readonly captureId: string
  readonly sudo: Sudo
  /** Whether the first line of standard input is sudo's password. */
  readonly readsPassword?: boolean
  /** How to recognise kcap's own stream on the remote host and leave it out of the capture. */
  readonly ownStream: OwnStream
  readonly filter: string
  readonly compression: 'none' | 'gzip'
  /** Network to capture: the program's own, or that of a pod on the same machine. */
  readonly network: RemoteNetwork
  /** One argv per capture program; the first one installed runs. tcpdump takes the filter as its last word, tshark and dumpcap with -f. */
  readonly programs: readonly (readonly string[])[]
  /** Seconds of silence from kcap after which the remote side ends the capture; default 20. */
  readonly silenceSeconds?: number
}

export type RemoteNetwork =
  | { readonly kind: 'here' }
  /** Pod found by the UID in the names of its cgroups. Its network must have all its addresses. */
  | { readonly kind: 'pod'; readonly uid: string; readonly addresses: readonly string[] }

export type OwnStream =
  /** The stream does not pass the captured network. */
  | { readonly kind: 'elsewhere' }
  /** On the machine of kcap: TCP ports that it serves, and the connection in SSH_CONNECTION, if there is one. */
  | { readonly kind: 'local'; readonly ports: readonly number[] }
  /** The connection in sshd's SSH_CONNECTION. */
  | { readonly kind: 'ssh' }
  /**
   * Stream on a node's own network. Leaves out the kubelet's port, the API servers' addresses, and the loopback ports through which container
   * runtimes hand streams to the kubelet (listening, owned by root, from the ephemeral range: `stream_server_port = "0"` in containerd's config).
   */
  | { readonly kind: 'host'; readonly apiAddresses: readonly ApiAddress[] }

/** Address of an API server. Without a host, its port is left out for every host. */
export interface ApiAddress {
  readonly host?: string
  readonly port: number
}

/** Returns the supervisor and its arguments as one argv. */
export function makeSupervisedArgv(capture: SupervisedCapture): string[] {
  return [
    'sh',
    '-c',
    makeSupervisorScript(capture.silenceSeconds),
    'kcap',
    capture.captureId,
    capture.sudo === 'sudo' && capture.readsPassword === true ? 'sudo-password' : capture.sudo,
    formatOwnStream(capture.ownStream),
    capture.filter,
    formatNetwork(capture.network),
    capture.compression,
    ...capture.programs.flatMap((argv) => [String(argv.length), ...argv]),
  ]
}

function formatNetwork(network: RemoteNetwork): string {
  if (network.kind === 'here') return 'here'
  const { uid, addresses } = network
  return [`pod:${uid},${uid.replaceAll('-', '_')}`, ...addresses.map(formatAddress)].join(' ')
}

function formatOwnStream(own: OwnStream): string {
  if (own.kind === 'local') return ['local', ...own.ports].join(' ')
  if (own.kind !== 'host') return own.kind
  // Words of a shell; addresses contain nothing that it would expand.
  const places = own.apiAddresses.filter(({ host = '' }) => /^[\w.:%-]*$/.test(host))
  return ['host', ...places.map(({ host = '', port }) => `${host}:${port}`)].join(' ')
}

/** Returns an address as `has_addresses` in find-pod.sh compares it: IPv4 with dots, IPv6 with all 32 digits. */
export function formatAddress(address: string): string {
  if (!isIPv6(address)) return address
  // The URL standard has a single form for it: in groups, shortened.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string | undefined) => (text ? text.split(':') : [])
  const before = groups(head)
  const after = groups(tail)
  const zeros = Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join('')
}
