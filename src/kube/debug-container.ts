import type {
  V1Container,
  V1EphemeralContainer,
  V1Pod,
  V1ResourceRequirements,
  V1SecurityContext,
} from '@kubernetes/client-node'
import type { DebugContainer } from '../base/capture-request.ts'

/** On all that kcap creates; `kcap cleanup` and later captures know it by that. */
export const ownLabels = { 'app.kubernetes.io/managed-by': 'kcap', 'app.kubernetes.io/name': 'kcap-capture' } as const
export const ownSelector = Object.entries(ownLabels)
  .map(([key, value]) => `${key}=${value}`)
  .join(',')
/** Ephemeral containers have no labels. */
export const ownNamePrefix = 'kcap-'
/** The container of a pod on a node. */
export const nodeContainerName = 'kcap'
export const ownerAnnotation = 'kcap/owner'

export interface DebugContainerOptions {
  readonly debug: DebugContainer
  /** Its main process: does nothing, and ends by itself. */
  readonly command: readonly string[]
}

/** Adds nothing to what the runtime gives, as the level "baseline" wants it: of containerd's defaults NET_RAW is one. */
export type Capabilities = 'least' | 'runtime-default'

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#EphemeralContainer */
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
  /** Who made it, and when. */
  readonly owner: string
  /** After that the kubelet ends it, whatever happens to kcap. */
  readonly deadlineSeconds: number
}

/**
 * A pod on the network of its node, which sees the node's processes so that it can enter the network of any pod there. It goes where it
 * is sent, whatever the taints, needs no address, and gets no token of the API.
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
        // The runtime's own profile lets no container look into others. The field for it is known from 1.30 on only.
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
            // To enter another network namespace: setns(2) takes SYS_ADMIN, and /proc/PID/ns takes SYS_PTRACE.
            ...(debug.privileged ? { privileged: true } : { capabilities: toCapture(['SYS_ADMIN', 'SYS_PTRACE']) }),
          },
        },
      ],
    },
  }
}

/** A limit that the user sets is the request, too: LimitRanges compare both with their own. */
function makeResources({ cpu, memory }: DebugContainer): V1ResourceRequirements {
  return {
    requests: { cpu: cpu ?? '50m', memory: memory ?? '64Mi' },
    limits: { memory: memory ?? '256Mi', ...(cpu !== undefined && { cpu }) },
  }
}

const root: V1SecurityContext = { runAsUser: 0, runAsGroup: 0, runAsNonRoot: false }

/** SETUID and SETGID, because tcpdump of Debian and Fedora sets its user whenever root starts it, be it to root, and gives up if it may not. */
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
