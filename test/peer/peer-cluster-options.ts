import type { RequestedRight } from '../../src/demo/api/authorize.ts'
import type { ToolsName } from './exec/peer-exec-handlers.ts'
import type { ExecProtocolName } from './exec/protocols.ts'
import type { Misbehaviour } from './misbehaviour/misbehaviour.ts'

export interface PeerClusterOptions {
  /** Packet rate of each pod; 0 is silence, Infinity is as fast as they are read. Default 25. */
  readonly packetsPerSecond?: number
  /** Default: any free one. */
  readonly port?: number
  /** Protocols of the server, the preferred one first. Default v5 and v4, as 1.34 does. */
  readonly protocols?: readonly ExecProtocolName[]
  /** Users in addition to the one who may do everything; each gets a token. */
  readonly users?: readonly { readonly name: string; readonly rights: readonly RequestedRight[] }[]
  /** Verbs on `pods/exec` that a WebSocket needs. Default `get`; Kubernetes 1.35 asks for `get` and `create`. */
  readonly execVerbs?: readonly string[]
  /** Running pods `default/load-00001` and on, for long lists. */
  readonly extraPods?: number
  /** Seed of the traffic; equal seeds make equal packets. */
  readonly seed?: string
  readonly misbehaviour?: Misbehaviour
  /** A capture hears nothing on stdin for this long: it ends. Default 20 s. */
  readonly silenceTimeoutMs?: number
  /** Time that a stopped capture waits for one more byte. Default 5 s. */
  readonly graceMs?: number
  /** Default one minute. */
  readonly bookmarkIntervalMs?: number
  /** Time of a container from one state to the next, and the limit for a deleted pod until it is gone. Default 100 ms. */
  readonly startDelayMs?: number
  /** Images no registry has, as the client writes them. */
  readonly missingImages?: readonly string[]
  /** Tools in an image, by the name that clients write; other images of a debug container or created pod have a shell and tcpdump. */
  readonly imageTools?: Readonly<Record<string, ToolsName>>
  /** Default true; clusters up to 1.22 have them only where somebody switched them on. */
  readonly hasEphemeralContainers?: boolean
  /** Default true; `discovery.k8s.io/v1` is there from Kubernetes 1.21 on. */
  readonly hasEndpointSlices?: boolean
}

export const peerDefaults = {
  packetsPerSecond: 25,
  port: 0,
  protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
  users: [],
  execVerbs: ['get'],
  extraPods: 0,
  seed: 'kcap',
  misbehaviour: {},
  silenceTimeoutMs: 20_000,
  graceMs: 5000,
  bookmarkIntervalMs: 60_000,
  startDelayMs: 100,
  missingImages: [],
  imageTools: {},
  hasEphemeralContainers: true,
  hasEndpointSlices: true,
} as const satisfies Required<PeerClusterOptions>
