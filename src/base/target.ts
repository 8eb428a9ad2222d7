import { formatAuthority, type ShareLink } from './share-link.ts'
import type { StoreName } from './store-name.ts'

/** What the user asked for, before any query to a cluster or a host. */
export type TargetName = PodName | PodSetName | NodeName | SshHostName | LocalName | StreamName

/** Names whose pods can be followed as they come and go and as their containers restart. */
export type FollowedName = PodName | PodSetName

/** Names of changing sets of pods. */
export type PodSetName = ServiceName | WorkloadName | PodsName

/** Impersonation that overrides the kubeconfig's. */
export interface Impersonation {
  readonly user?: string | undefined
  readonly groups: readonly string[]
  readonly uid?: string | undefined
}

/** Cluster as the user named it. */
export interface ClusterName {
  /** Kubeconfig files in order of precedence; undefined means kubectl's rules. */
  readonly kubeconfigPaths?: readonly string[] | undefined
  /** Kubeconfig context; undefined means the current one. */
  readonly context?: string | undefined
  /** Impersonation; undefined means the kubeconfig's. */
  readonly actAs?: Impersonation | undefined
}

/** Returns only the cluster part of a name. */
export function clusterOf({ kubeconfigPaths, context, actAs }: ClusterName): ClusterName {
  return { kubeconfigPaths, context, actAs }
}

/** Cluster, namespace and container in which to look up a name. */
export interface ClusterScope extends ClusterName {
  /** Namespace; undefined means the context's. */
  readonly namespace?: string | undefined
  /** Container; undefined means the pod's default container. */
  readonly container?: string | undefined
  /** Node whose pods alone are meant; undefined means all nodes. */
  readonly onNode?: string | undefined
}

export interface PodName extends ClusterScope {
  readonly kind: 'pod'
  readonly pod: string
}

/** All pods behind a service. */
export interface ServiceName extends ClusterScope {
  readonly kind: 'service'
  readonly service: string
}

/** Kinds of objects that create pods, in kubectl's abbreviations. */
export type WorkloadKind = 'deploy' | 'sts' | 'ds' | 'rs' | 'job' | 'cronjob'

/** All running pods that a workload selects. */
export interface WorkloadName extends ClusterScope {
  readonly kind: 'workload'
  readonly workloadKind: WorkloadKind
  readonly workload: string
}

/** All running pods that match a selector and a pattern. At least one of the two is set. */
export interface PodsName extends ClusterScope {
  readonly kind: 'pods'
  /** Label selector in the API's syntax. */
  readonly selector?: string | undefined
  /** Wildcard pattern for pod names: `orders-*`. */
  readonly pattern?: string | undefined
  /** Whether to search all namespaces; `namespace` is ignored then. */
  readonly allNamespaces: boolean
}

/** Host network of a node. */
export interface NodeName extends ClusterScope {
  readonly kind: 'node'
  readonly node: string
}

export interface SshHostName {
  readonly kind: 'ssh'
  /** Host name, address, or alias from the user's ssh config. */
  readonly host: string
  readonly user?: string | undefined
  readonly port?: number | undefined
  readonly identityFiles?: readonly string[] | undefined
  /** Jump hosts as `[USER@]HOST[:PORT][,…]`, nearest first, or `none`. */
  readonly jumpHost?: string | undefined
  readonly sudo: Sudo
  /** Config file to use instead of ~/.ssh/config, like `ssh -F`. */
  readonly sshConfigPath?: string | undefined
  readonly acceptNewHostKey?: boolean | undefined
  /** SSH client; undefined means `auto`. */
  readonly client?: SshClientName | undefined
}

/** This machine's own network. */
export interface LocalName {
  readonly kind: 'local'
}

/** A stream of packets that another program offers: a capture shared by kcap (`kcaps`), PCAP-over-IP (`tcp`), or the same at a unix socket. */
export type StreamName =
  | ({ readonly kind: 'stream'; readonly protocol: 'kcaps' } & ShareLink)
  | { readonly kind: 'stream'; readonly protocol: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'stream'; readonly protocol: 'unix'; readonly path: string }
  | RecorderName
  | StoredStreamName

/** Files of one capture in object storage, which follow each other. */
export interface StoredStreamName {
  readonly kind: 'stream'
  readonly protocol: 'store'
  readonly store: StoreName
  /** Name of the capture: the common beginning of the keys below the prefix. */
  readonly capture: string
  readonly files: readonly { readonly key: string; readonly bytes: number; readonly sha256: string }[]
  readonly part: RecordedPart
}

/** A recorder: a pod of kcap's own that records packets on its node. */
export interface RecorderName extends ClusterName {
  readonly kind: 'stream'
  readonly protocol: 'recorder'
  /** Name of the record. */
  readonly record: string
  readonly namespace: string
  /** Pod of the recorder; undefined when none runs. */
  readonly pod: string | undefined
  /** State of the recorder: `recording`, or why it does not record. */
  readonly state: string
  readonly node: string
  /** Part of the recorded packets; undefined: the packets from now on. */
  readonly part?: RecordedPart | undefined
}

/** Part of what a recorder has kept, by the times of packets since the epoch; undefined: no limit on that side. */
export interface RecordedPart {
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
}

/** SSH clients: ssh2 inside kcap, or the system's ssh. `auto` uses the system's where ssh2 lacks a feature. */
export const sshClientNames = ['auto', 'ssh2', 'openssh'] as const
export type SshClientName = (typeof sshClientNames)[number]

export const sudoPrograms = ['none', 'sudo', 'doas'] as const
export type Sudo = (typeof sudoPrograms)[number]

/** One capturable thing after resolution. */
export type Target = RoutedTarget | StreamTarget

/** A target that a route leads to, where kcap runs a capture program. */
export type RoutedTarget = PodTarget | NodeTarget | SshTarget | LocalTarget

export interface PodTarget {
  readonly kind: 'pod'
  /** Cluster as the user named it. The capture uses the same one as the lookup. */
  readonly cluster: ClusterName
  /** Name of the kubeconfig context. */
  readonly context: string
  readonly namespace: string
  readonly pod: string
  readonly uid: string
  /** UID as it appears in the names of the pod's cgroups; undefined if the API server returned none that is valid there. */
  readonly cgroupUid: string | undefined
  /** Whether the kubelet runs the pod from a file. Such a pod cannot get an ephemeral container. */
  readonly isStatic: boolean
  readonly container: string
  /** ID of the container's current run; a restart changes it. '' if the API does not report it. */
  readonly containerId: string
  /** Node of the pod; undefined while the API does not report it. */
  readonly node: string | undefined
  /** Address of that node. */
  readonly nodeAddress?: string | undefined
  readonly addresses: readonly string[]
  /** Whether the pod uses the node's network, where kcap's own stream passes too. */
  readonly hostNetwork: boolean
}

export interface NodeTarget {
  readonly kind: 'node'
  readonly cluster: PodTarget['cluster']
  readonly context: string
  /** Default namespace of the context. */
  readonly namespace: string
  readonly node: string
  readonly nodeAddress?: string | undefined
}

export interface SshTarget {
  readonly kind: 'ssh'
  readonly name: SshHostName
}

/** This machine. */
export type LocalTarget = LocalName

export interface StreamTarget {
  readonly kind: 'stream'
  readonly name: StreamName
}

/**
 * Formats a target for reports, interface names and comments: `shop/orders-6c9f`, `node/worker-1`, `ssh://root@10.0.0.10:22`,
 * `local` or `kcaps://10.0.0.7:7443`. The text has no secrets.
 */
export function formatTarget(target: Target): string {
  if (target.kind === 'pod') return `${target.namespace}/${target.pod}`
  if (target.kind === 'node') return `node/${target.node}`
  if (target.kind === 'local') return 'local'
  if (target.kind === 'stream') return formatStreamName(target.name)
  const { user, host, port } = target.name
  return `ssh://${user === undefined ? '' : `${user}@`}${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}`
}

/** Formats a stream without its token. */
export function formatStreamName(name: StreamName): string {
  if (name.protocol === 'unix') return `unix:${name.path}`
  if (name.protocol === 'store') return `s3://${name.store.bucket}/${name.store.prefix}${name.capture}`
  if (name.protocol === 'recorder') return `record/${name.record}@${name.node}`
  return `${name.protocol}://${formatAuthority(name.host, name.port)}`
}
