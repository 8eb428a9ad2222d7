import type { StoreName } from './store-name.ts'
import type { SshHostName, Sudo, TargetName } from './target.ts'

/**
 * Compression on the way here, for slow links only. `gzip` makes the remote side compress. `auto` leaves it to the user's ssh config, which never
 * makes a fast link slower.
 */
export const compressions = ['auto', 'gzip', 'none'] as const
export type Compression = (typeof compressions)[number]

/** Settings of the capture program on the remote side. */
export interface CaptureOptions {
  /** Interface on the remote side. */
  readonly interfaceName: string
  /** One pcap filter expression that combines all filter options; '' captures everything. */
  readonly filter: string
  /** Parts of `filter` that the user wrote, which may be invalid. */
  readonly filterExpressions: readonly string[]
  /** Bytes kept of each packet; 0 keeps whole packets. */
  readonly snapLength: number
  readonly compression: Compression
}

/** Routes to a target. */
export const routeNames = ['exec', 'kubectl', 'ephemeral', 'node-pod', 'ssh', 'local'] as const
export type RouteName = (typeof routeNames)[number]
/** Routes the user can ask for; `auto` picks the one that needs the fewest permissions and leaves the least behind. */
export const vias = ['auto', ...routeNames] as const
export type Via = (typeof vias)[number]
/** Routes that create something in the cluster and need consent. */
export type CreatingRoute = Extract<RouteName, 'ephemeral' | 'node-pod'>

/** https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy */
export const pullPolicies = ['Always', 'IfNotPresent', 'Never'] as const
export type PullPolicy = (typeof pullPolicies)[number]

/** Settings of the containers and pods that kcap creates in a cluster when it has to. */
export interface DebugContainer {
  readonly image: string
  /** Image pull policy; undefined leaves it to the API server's default. */
  readonly pullPolicy: PullPolicy | undefined
  /** Name of the image pull secret. */
  readonly pullSecret: string | undefined
  /** Namespace for pods on nodes; undefined means the captured pod's namespace, or the context's. */
  readonly namespace: string | undefined
  /** CPU and memory of a pod on a node, as both request and limit: `100m`, `256Mi`; undefined means small requests and no CPU limit. */
  readonly cpu: string | undefined
  readonly memory: string | undefined
  /** Whether the pod is privileged, instead of holding only the few capabilities a capture needs. */
  readonly privileged: boolean
}

/** Limits at which a capture stops on its own; undefined means no limit. */
export interface CaptureLimits {
  readonly durationMs?: number
  readonly packetCount?: number
  /** Size of the output in bytes. */
  readonly outputBytes?: number
}

/** When to start the next output file, and how many files to keep. Undefined disables that trigger, or keeps all files. */
export interface Rotation {
  readonly fileBytes?: number | undefined
  readonly fileMs?: number | undefined
  readonly maxFiles?: number | undefined
  /** Maximum size of all files together, the current one included. */
  readonly keepBytes?: number | undefined
  /** Whether the ring begins with the files that an earlier run left under the same base name. */
  readonly resume?: boolean
}

export const outputFormats = ['pcap', 'pcapng'] as const
export type OutputFormat = (typeof outputFormats)[number]

export type OutputName =
  | { readonly kind: 'file'; readonly path: string; readonly overwrite: boolean }
  /** FIFO that Wireshark opened. */
  | { readonly kind: 'fifo'; readonly path: string; readonly overwrite?: boolean }
  /** FIFO that a shell user created. */
  | { readonly kind: 'pipe'; readonly path: string }
  | { readonly kind: 'device'; readonly path: string }
  | { readonly kind: 'descriptor'; readonly descriptor: number; readonly path: string }
  | { readonly kind: 'stdout' }
  | { readonly kind: 'wireshark' }
  /** Nothing but the readers of a shared capture. */
  | { readonly kind: 'readers' }
  /** Nothing but an object store. `folder` holds the files until they are stored; undefined: a folder that only this user can enter. */
  | { readonly kind: 'store'; readonly folder?: string }

/** How others can read a capture while it runs. */
export type ShareRequest = PortShare | SocketShare

/** At a port. `kcaps`: WebSocket over TLS, with a token. `tcp`: PCAP-over-IP, without login and encryption. */
export interface PortShare {
  readonly protocol: 'kcaps' | 'tcp'
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly maxReaders: number
  /** The user's own certificate and its key, in PEM; undefined: one is made for this capture. */
  readonly certificate?: { readonly certificateFile: string; readonly keyFile: string } | undefined
}

/** At a unix socket, which only this user may open. */
export interface SocketShare {
  readonly protocol: 'unix'
  readonly path: string
  readonly maxReaders: number
}

export interface UploadRequest {
  readonly store: StoreName
  /**
   * Part of the keys that no other capture has. A caller that resumes a ring passes the earlier one, so that files that were stored already keep their
   * keys; undefined makes one of the host's name and the time.
   */
  readonly name?: string
  /** Kubernetes node of a caller in the cluster; it goes into the index objects. */
  readonly node?: string
  /** Time for the files that remain at the end of the capture. */
  readonly finishMs: number
}

/** Everything a capture needs to know, and nothing about who asked: the shell and Wireshark hand over the same value. */
export interface CaptureRequest {
  readonly targets: readonly TargetName[]
  readonly via: Via
  /** Routes that need no confirmation. */
  readonly consent: readonly CreatingRoute[]
  readonly debug: DebugContainer
  /** SSH host that is the node of the captured pods. */
  readonly nodeHost?: SshHostName | undefined
  /** Program that starts the capture program as root on this machine; absent means none. */
  readonly localSudo?: Sudo
  /** SSH access to nodes: a host name in which `{node}` or `{address}` stands for the node's own. */
  readonly nodeSsh?: SshHostName | undefined
  /** Path on this machine of a tcpdump to upload to containers that have none. */
  readonly uploadPath?: string | undefined
  /** Whether to capture pods that appear later, and pods again after a restart. */
  readonly follow: boolean
  /** Whether names that stand for no pod yet are waited for. */
  readonly waitsForPods?: boolean
  /** Returns the comment on the first packet of each target that is there from the start. */
  readonly startComment?: (() => string) | undefined
  /** How long to keep trying to resume a capture that broke off; 0 means never, Infinity means forever. */
  readonly reconnectMs: number
  /** Maximum number of pods captured at the same time. */
  readonly maxPods: number
  /** Whether to write the names of pods, services and nodes into the stream. */
  readonly names: boolean
  /** TLS key logs whose lines go into the stream: a file on this machine, and a path on each target. */
  readonly keyLogFile?: string | undefined
  readonly remoteKeyLogPath?: string | undefined
  /** How long packets wait for earlier ones from other sources, in addition to what a capture program holds back. */
  readonly mergeWindowMs: number
  readonly capture: CaptureOptions
  readonly limits: CaptureLimits
  readonly output: OutputName
  readonly share?: ShareRequest | undefined
  /** Ports of this machine that carry packets to readers as well. A capture of its network leaves them out. */
  readonly ownPorts?: readonly number[] | undefined
  /** Rotation of an output file. */
  readonly rotation?: Rotation | undefined
  /** Object storage for the output's files, which then rotate. */
  readonly upload?: UploadRequest | undefined
  readonly format: OutputFormat
  /** Command line that repeats this capture, without secrets. It goes into the section comment. */
  readonly commandLine: string
}
