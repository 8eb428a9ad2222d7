import type { SshHostName, TargetName } from './target.ts'

/**
 * How the stream comes here, which is for slow links only: `gzip` has the remote side compress it; `auto` leaves it to the user's ssh config,
 * so that no fast link is ever made slower.
 */
export const compressions = ['auto', 'gzip', 'none'] as const
export type Compression = (typeof compressions)[number]

/** How the remote side captures. */
export interface CaptureOptions {
  /** Interface on the remote side. */
  readonly interfaceName: string
  /** One pcap filter expression made of all filter options; '' captures everything. */
  readonly filter: string
  /** The parts of it that the user wrote, which may be wrong. */
  readonly filterExpressions: readonly string[]
  /** Bytes kept of each packet; 0 keeps whole packets. */
  readonly snapLength: number
  readonly compression: Compression
}

/** How a target is reached. */
export const routeNames = ['exec', 'kubectl', 'ephemeral', 'node-pod', 'ssh'] as const
export type RouteName = (typeof routeNames)[number]
/** `auto`: the way that needs and leaves the least. */
export const vias = ['auto', ...routeNames] as const
export type Via = (typeof vias)[number]
/** Those that create something in the cluster, and need consent. */
export type CreatingRoute = Extract<RouteName, 'ephemeral' | 'node-pod'>

/** https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy */
export const pullPolicies = ['Always', 'IfNotPresent', 'Never'] as const
export type PullPolicy = (typeof pullPolicies)[number]

/** What kcap creates in a cluster, where it has to. */
export interface DebugContainer {
  readonly image: string
  /** undefined: as the API has it. */
  readonly pullPolicy: PullPolicy | undefined
  /** Name of the secret for the image's registry. */
  readonly pullSecret: string | undefined
  /** Where pods on nodes are created; undefined: the namespace of the pod that is captured, or the context's. */
  readonly namespace: string | undefined
  /** CPU and memory of a pod on a node, as both request and limit: `100m`, `256Mi`; undefined: small requests, and no CPU limit. */
  readonly cpu: string | undefined
  readonly memory: string | undefined
  /** With all rights on the node, instead of the few it takes to capture. */
  readonly privileged: boolean
}

/** When a capture ends by itself; undefined: never. */
export interface CaptureLimits {
  readonly durationMs?: number
  readonly packetCount?: number
  /** Size of the output in bytes. */
  readonly outputBytes?: number
}

/** When a file is followed by the next, and how many are kept; undefined: not for that, all of them. */
export interface Rotation {
  readonly fileBytes?: number | undefined
  readonly fileMs?: number | undefined
  readonly maxFiles?: number | undefined
}

export const outputFormats = ['pcap', 'pcapng'] as const
export type OutputFormat = (typeof outputFormats)[number]

export type OutputName =
  | { readonly kind: 'file'; readonly path: string; readonly overwrite: boolean }
  /** Wireshark's own. */
  | { readonly kind: 'fifo'; readonly path: string; readonly overwrite?: boolean }
  /** A FIFO that a shell's user has made. */
  | { readonly kind: 'pipe'; readonly path: string }
  | { readonly kind: 'device'; readonly path: string }
  | { readonly kind: 'descriptor'; readonly descriptor: number; readonly path: string }
  | { readonly kind: 'stdout' }
  | { readonly kind: 'wireshark' }

/** Everything a capture needs to know, and nothing about who asked: the shell and Wireshark hand over the same. */
export interface CaptureRequest {
  readonly targets: readonly TargetName[]
  readonly via: Via
  /** Routes that may be taken without asking. */
  readonly consent: readonly CreatingRoute[]
  readonly debug: DebugContainer
  /** The node of the pods that are captured, to be reached by SSH. */
  readonly nodeHost?: SshHostName | undefined
  /** How nodes are reached by SSH: a host in whose name `{node}` or `{address}` stands for theirs. */
  readonly nodeSsh?: SshHostName | undefined
  /** A tcpdump of this machine for containers that have none. */
  readonly uploadPath?: string | undefined
  /** Whether pods that come later are captured too, and those that restart again. */
  readonly follow: boolean
  /** How long a capture that broke off is tried to be taken up again; 0: not at all, Infinity: for ever. */
  readonly reconnectMs: number
  /** Captured at the same time at most. */
  readonly maxPods: number
  /** Whether the names of pods, services and nodes go into the stream. */
  readonly names: boolean
  /** TLS key log whose lines go into the stream: of this machine, and a path where each target is. */
  readonly keyLogFile?: string | undefined
  readonly remoteKeyLogPath?: string | undefined
  /** How long packets wait for earlier ones of other sources, beyond what a capture program holds them back. */
  readonly mergeWindowMs: number
  readonly capture: CaptureOptions
  readonly limits: CaptureLimits
  readonly output: OutputName
  /** Of a file. */
  readonly rotation?: Rotation | undefined
  readonly format: OutputFormat
  /** The command line that repeats this capture, without secrets; goes into the section comment. */
  readonly commandLine: string
}
