import type { Sudo } from '../base/target.ts'
import { formatAddress } from './find-pod-script.ts'
import { supervisorScript } from './supervisor-script.ts'

export interface SupervisedCapture {
  /** Stands in the environment of the capture program as KCAP_CAPTURE, so that what is left behind can be told as kcap's. */
  readonly captureId: string
  readonly sudo: Sudo
  /** Whether the first line of standard input is sudo's password. */
  readonly readsPassword?: boolean
  /** How kcap's own stream is known on the far side, to be left out of the capture. */
  readonly ownStream: OwnStream
  readonly filter: string
  readonly compression: 'none' | 'gzip'
  /** Whose packets: those of where the program is started, or of a pod on the same machine. */
  readonly network: RemoteNetwork
  /** The argv of the program; of several the first that is there is run. tcpdump takes the filter as its last word, tshark and dumpcap by -f. */
  readonly programs: readonly (readonly string[])[]
}

export type RemoteNetwork =
  | { readonly kind: 'here' }
  /** By the UID in the names of the pod's cgroups; the network has to have all the addresses of the pod. */
  | { readonly kind: 'pod'; readonly uid: string; readonly addresses: readonly string[] }

export type OwnStream =
  /** The stream does not pass where the capture listens. */
  | { readonly kind: 'elsewhere' }
  /** As sshd tells in SSH_CONNECTION. */
  | { readonly kind: 'ssh' }
  /**
   * On a node's own network: the kubelet's port, the API servers' addresses, and the loopback ports on which container runtimes
   * hand streams to the kubelet (listening, root's, from the ephemeral range: `stream_server_port = "0"` in containerd's config).
   */
  | { readonly kind: 'host'; readonly apiAddresses: readonly ApiAddress[] }

/** Of an API server; without a host it is left out whoever has it. */
export interface ApiAddress {
  readonly host?: string
  readonly port: number
}

/** The whole far side as one argv. */
export function makeSupervisedArgv(capture: SupervisedCapture): string[] {
  return [
    'sh',
    '-c',
    supervisorScript,
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
  if (own.kind !== 'host') return own.kind
  // Words of a shell: addresses have nothing in them that it would expand.
  const places = own.apiAddresses.filter(({ host = '' }) => /^[\w.:%-]*$/.test(host))
  return ['host', ...places.map(({ host = '', port }) => `${host}:${port}`)].join(' ')
}
