/** What the user named, before anything was asked of a cluster or a host. */
export type TargetName = PodName | PodSetName | NodeName | SshHostName

/** Names whose pods are followed: as they come and go, and as their containers are restarted. */
export type FollowedName = PodName | PodSetName

/** Names that stand for pods which come and go. */
export type PodSetName = ServiceName | WorkloadName | PodsName

/** Whose rights are used instead of the login's own, beyond what the kubeconfig says. */
export interface Impersonation {
  readonly user?: string | undefined
  readonly groups: readonly string[]
  readonly uid?: string | undefined
}

/** A cluster, as the user names it. */
export interface ClusterName {
  /** Kubeconfig files in order of precedence; undefined: by kubectl's rules. */
  readonly kubeconfigPaths?: readonly string[] | undefined
  /** undefined: the current context. */
  readonly context?: string | undefined
  /** undefined: as the kubeconfig says. */
  readonly actAs?: Impersonation | undefined
}

/** Returns the cluster alone of a name in it. */
export function clusterOf({ kubeconfigPaths, context, actAs }: ClusterName): ClusterName {
  return { kubeconfigPaths, context, actAs }
}

/** Where in which cluster a name is to be looked up. */
export interface ClusterScope extends ClusterName {
  /** undefined: the context's namespace. */
  readonly namespace?: string | undefined
  /** undefined: the pod's default container. */
  readonly container?: string | undefined
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

/** Kinds of objects that make pods, as kubectl abbreviates them. */
export type WorkloadKind = 'deploy' | 'sts' | 'ds' | 'rs' | 'job' | 'cronjob'

/** All running pods that a workload selects. */
export interface WorkloadName extends ClusterScope {
  readonly kind: 'workload'
  readonly workloadKind: WorkloadKind
  readonly workload: string
}

/** All running pods that a selector and a pattern select; one of both is given. */
export interface PodsName extends ClusterScope {
  readonly kind: 'pods'
  /** Label selector, as the API takes it. */
  readonly selector?: string | undefined
  /** Of pod names: `orders-*`. */
  readonly pattern?: string | undefined
  /** `namespace` does not count then. */
  readonly allNamespaces: boolean
}

/** A node's own network. */
export interface NodeName extends ClusterScope {
  readonly kind: 'node'
  readonly node: string
}

export interface SshHostName {
  readonly kind: 'ssh'
  /** A host name, an address, or an alias of the user's ssh config. */
  readonly host: string
  readonly user?: string | undefined
  readonly port?: number | undefined
  readonly identityFiles?: readonly string[] | undefined
  /** [USER@]HOST[:PORT][,…], the nearest first, or `none`. */
  readonly jumpHost?: string | undefined
  readonly sudo: Sudo
  /** Another file than ~/.ssh/config, as `ssh -F`. */
  readonly sshConfigPath?: string | undefined
  readonly acceptNewHostKey?: boolean | undefined
  /** undefined: `auto`. */
  readonly client?: SshClientName | undefined
}

/** ssh2 within kcap, or the system's ssh; `auto` takes the second for what the first can't do. */
export const sshClientNames = ['auto', 'ssh2', 'openssh'] as const
export type SshClientName = (typeof sshClientNames)[number]

export const sudoPrograms = ['none', 'sudo', 'doas'] as const
export type Sudo = (typeof sudoPrograms)[number]

/** One capturable thing after resolution. */
export type Target = PodTarget | NodeTarget | SshTarget

export interface PodTarget {
  readonly kind: 'pod'
  /** The cluster as the user named it: what it was found through is what it is captured through. */
  readonly cluster: ClusterName
  /** Name of the kubeconfig context. */
  readonly context: string
  readonly namespace: string
  readonly pod: string
  readonly uid: string
  /** The UID in the names of its cgroups; undefined where the API server told none that can be one. */
  readonly cgroupUid: string | undefined
  /** Whether the kubelet runs it from a file: it can't get an ephemeral container. */
  readonly isStatic: boolean
  readonly container: string
  /** Of the container's run: a restart gives it a new one. '' where the API does not tell. */
  readonly containerId: string
  /** undefined while the API did not say. */
  readonly node: string | undefined
  /** Of that node. */
  readonly nodeAddress?: string | undefined
  readonly addresses: readonly string[]
  /** On the node's own network, where kcap's own stream passes too. */
  readonly hostNetwork: boolean
}

export interface NodeTarget {
  readonly kind: 'node'
  readonly cluster: PodTarget['cluster']
  readonly context: string
  /** Where the context's login is at home. */
  readonly namespace: string
  readonly node: string
  readonly nodeAddress?: string | undefined
}

export interface SshTarget {
  readonly kind: 'ssh'
  readonly name: SshHostName
}

/** `shop/orders-6c9f`, `node/worker-1` or `ssh://root@10.0.0.10:22`: how a target is called in reports, interface names and comments. */
export function formatTarget(target: Target): string {
  if (target.kind === 'pod') return `${target.namespace}/${target.pod}`
  if (target.kind === 'node') return `node/${target.node}`
  const { user, host, port } = target.name
  return `ssh://${user === undefined ? '' : `${user}@`}${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}`
}
