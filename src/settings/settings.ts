import type { CreatingRoute, DebugContainer } from '../base/capture-request.ts'
import type { SshHostName } from '../base/target.ts'

/** What kcap's config file says, complete: what it leaves out has its default. */
export interface Settings {
  /** The file, whether it is there or not. */
  readonly file: string
  /** What stands in Wireshark's interface list. */
  readonly list: ListSettings
  /** Hosts that have an interface of their own there: an alias of the ssh config, or `[USER@]HOST[:PORT]`. */
  readonly sshHosts: readonly string[]
  /** How the nodes of clusters are reached by SSH; undefined: they are not. */
  readonly nodeSsh: SshHostName | undefined
  /** What may be created in clusters without asking. */
  readonly consent: readonly CreatingRoute[]
  /** What is created there. */
  readonly debug: DebugContainer
  /** Folders where programs are looked for beside PATH: a desktop starts Wireshark with a short one. */
  readonly path: readonly string[]
  /** The kubeconfig, where KUBECONFIG names none; undefined: kubectl's own. */
  readonly kubeconfig: string | undefined
  /** What is captured where no target is named and nobody is there to choose one. */
  readonly defaultTarget: string | undefined
  /** What `kcap @NAME` stands for: words of a command line. */
  readonly profiles: ReadonlyMap<string, readonly string[]>
}

export interface ListSettings {
  /** Names of kubeconfig contexts, `*` in them for any text; undefined: the current one. */
  readonly contexts: readonly string[] | undefined
  /** undefined: all that the login may see. */
  readonly namespaces: readonly string[] | undefined
  /** Label selector of the pods. */
  readonly selector: string | undefined
  /** Pods and workloads listed in all. Wireshark 4.0 takes 28 ms for each before its window opens, whatever answers it. */
  readonly maxPods: number
}

/** What Wireshark can ask about within a second; workloads stand for the pods of larger clusters. */
export const defaultMaxPods = 32
/** Where the config says which pods are wanted. */
export const defaultNamedMaxPods = 100

/** Has sh, tcpdump, grep, sleep and nsenter, for amd64 and arm64. https://github.com/nicolaka/netshoot */
export const defaultDebugImage = 'docker.io/nicolaka/netshoot:v0.13'

export function defaultSettings(file: string): Settings {
  return {
    file,
    list: { contexts: undefined, namespaces: undefined, selector: undefined, maxPods: defaultMaxPods },
    sshHosts: [],
    nodeSsh: undefined,
    consent: [],
    debug: {
      image: defaultDebugImage,
      pullPolicy: undefined,
      pullSecret: undefined,
      namespace: undefined,
      cpu: undefined,
      memory: undefined,
      privileged: false,
    },
    path: [],
    kubeconfig: undefined,
    defaultTarget: undefined,
    profiles: new Map(),
  }
}
