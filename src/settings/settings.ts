import type { CreatingRoute, DebugContainer } from '../base/capture-request.ts'
import type { SshHostName } from '../base/target.ts'
import { releaseImage } from './release-image.ts'

/** Settings of kcap's config file, with defaults for whatever it leaves out. */
export interface Settings {
  /** Path of the file, which may not exist. */
  readonly file: string
  /** Content of Wireshark's interface list. */
  readonly list: ListSettings
  /** Hosts with their own interface in that list: an alias of the ssh config, or `[USER@]HOST[:PORT]`. */
  readonly sshHosts: readonly string[]
  /** SSH access to the nodes of clusters; undefined means none. */
  readonly nodeSsh: SshHostName | undefined
  /** Routes that may create objects in clusters without asking. */
  readonly consent: readonly CreatingRoute[]
  /** Settings of those objects. */
  readonly debug: DebugContainer
  /** Folders to search for programs in addition to PATH, because a desktop starts Wireshark with a short one. */
  readonly path: readonly string[]
  /** Kubeconfig to use unless KUBECONFIG names one; undefined means kubectl's own. */
  readonly kubeconfig: string | undefined
  /** Target to capture when none is named and nobody can choose one. */
  readonly defaultTarget: string | undefined
  /** Profiles by name: the command line words that `kcap @NAME` stands for. */
  readonly profiles: ReadonlyMap<string, readonly string[]>
}

export interface ListSettings {
  /** Names of kubeconfig contexts, in which `*` matches any text; undefined means the current one. */
  readonly contexts: readonly string[] | undefined
  /** Namespaces to list; undefined means all that the login may see. */
  readonly namespaces: readonly string[] | undefined
  /** Label selector of the pods. */
  readonly selector: string | undefined
  /** Maximum number of pods and workloads listed in total. Wireshark 4.0 takes 28 ms for each before its window opens, no matter what answers it. */
  readonly maxPods: number
}

/** Default limit: the number that Wireshark can query within a second. In larger clusters, workloads stand for their pods. */
export const defaultMaxPods = 32
/** Default limit if the config selects pods. */
export const defaultNamedMaxPods = 100

export function defaultSettings(file: string): Settings {
  return {
    file,
    list: { contexts: undefined, namespaces: undefined, selector: undefined, maxPods: defaultMaxPods },
    sshHosts: [],
    nodeSsh: undefined,
    consent: [],
    debug: {
      image: releaseImage,
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
