import type {
  V1Container,
  V1EphemeralContainer,
  V1Pod,
  V1ResourceRequirements,
  V1SecurityContext,
} from '@kubernetes/client-node'
import type { DebugContainer } from '../base/capture-request.ts'

/** Labels of everything that kcap creates; `kcap cleanup` and later captures recognize it by them. */
export const ownLabels = { 'app.kubernetes.io/managed-by': 'kcap', 'app.kubernetes.io/name': 'kcap-capture' } as const
export const ownSelector = Object.entries(ownLabels)
  .map(([key, value]) => `${key}=${value}`)
  .join(',')
/** Selects the pods that kcap did not create. */
export const othersSelector = 'app.kubernetes.io/managed-by!=kcap'
/** Name prefix for what kcap creates; ephemeral containers have no labels. */
export const ownNamePrefix = 'kcap-'
/** Name of the container in a node pod. */
export const nodeContainerName = 'kcap'
export const ownerAnnotation = 'kcap/owner'

export interface DebugContainerOptions {
  readonly debug: DebugContainer
  /** Command of the main process, which does nothing and ends by itself. */
  readonly command: readonly string[]
}

/** `runtime-default` adds nothing to what the runtime grants, as the level "baseline" requires; containerd's defaults include NET_RAW. */
export type Capabilities = 'least' | 'runtime-default'

/** Makes an ephemeral container. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#EphemeralContainer */
export function makeEphemeralContainer(
  name: string,
  capabilities: Capabilities,
  options: DebugContainerOptions,
): V1EphemeralContainer {
  const least: V1SecurityContext =
    capabilities === 'least' ? { allowPrivilegeEscalation: false, capabilities: toCapture([]) } : {}
  return {
    ...makeContainer(name, options),
    securityContext: { ...root, ...(options.debug.privileged ? { privileged: true } : least) },
  }
}

export interface NodePodOptions extends DebugContainerOptions {
  readonly name: string
  readonly node: string
  /** Who created it, and when. */
  readonly owner: string
  /** Time after which the kubelet ends the pod, whatever happens to kcap. */
  readonly deadlineSeconds: number
}

/**
 * Makes a pod on the network of its node. It sees the node's processes, so that it can enter the network of any pod there. It runs on that node
 * whatever the taints, needs no address, and gets no API token.
 */
export function makeNodePod({ name, node, owner, deadlineSeconds, ...options }: NodePodOptions): V1Pod {
  const { debug } = options
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: { ...ownLabels },
      annotations: {
        [ownerAnnotation]: owner,
        // The runtime's own profile lets no container look into others. The field for it exists only from 1.30 on.
        [`container.apparmor.security.beta.kubernetes.io/${nodeContainerName}`]: 'unconfined',
      },
    },
    spec: {
      nodeName: node,
      hostNetwork: true,
      hostPID: true,
      restartPolicy: 'Never',
      activeDeadlineSeconds: deadlineSeconds,
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      tolerations: [{ operator: 'Exists' }],
      ...(debug.pullSecret !== undefined && { imagePullSecrets: [{ name: debug.pullSecret }] }),
      containers: [
        {
          ...makeContainer(nodeContainerName, options),
          resources: makeResources(debug),
          securityContext: {
            ...root,
            // Entering another network namespace: setns(2) needs SYS_ADMIN, and /proc/PID/ns needs SYS_PTRACE.
            ...(debug.privileged ? { privileged: true } : { capabilities: toCapture(['SYS_ADMIN', 'SYS_PTRACE']) }),
          },
        },
      ],
    },
  }
}

/** A limit that the user sets is also the request: LimitRanges compare both with their own. */
function makeResources({ cpu, memory }: DebugContainer): V1ResourceRequirements {
  return {
    requests: { cpu: cpu ?? '50m', memory: memory ?? '64Mi' },
    limits: { memory: memory ?? '256Mi', ...(cpu !== undefined && { cpu }) },
  }
}

const root: V1SecurityContext = { runAsUser: 0, runAsGroup: 0, runAsNonRoot: false }

/** Adds SETUID and SETGID because tcpdump of Debian and Fedora sets its user whenever root starts it, even to root, and gives up if it may not. */
function toCapture(more: readonly string[]) {
  return { drop: ['ALL'], add: ['NET_RAW', 'NET_ADMIN', 'SETUID', 'SETGID', ...more] }
}

function makeContainer(name: string, { debug, command }: DebugContainerOptions): V1Container & V1EphemeralContainer {
  return {
    name,
    image: debug.image,
    ...(debug.pullPolicy !== undefined && { imagePullPolicy: debug.pullPolicy }),
    command: [...command],
    terminationMessagePolicy: 'File',
  }
}
