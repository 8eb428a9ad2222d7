import { type Container, type ContainerState, formatKubeTime, type Pod } from '../../../src/demo/cluster/kube-object.ts'

/** Returns the states of a container that a kubelet starts, after the first one. */
export function planContainerStart(
  pod: Pod,
  container: Container,
  missingImages: readonly string[],
): readonly (() => ContainerState)[] {
  const waiting = (reason: string, message: string) => () => ({ waiting: { reason, message } })
  if (missingImages.includes(container.image)) {
    if (container.imagePullPolicy === 'Never')
      return [
        waiting(
          'ErrImageNeverPull',
          `Container image ${JSON.stringify(container.image)} is not present with pull policy of Never`,
        ),
      ]
    const failure = describePullFailure(container.image)
    const backOff = `Back-off pulling image ${JSON.stringify(container.image)}: ErrImagePull: ${failure}`
    return [waiting('ErrImagePull', failure), waiting('ImagePullBackOff', backOff)]
  }
  const breach = breaksNonRootPolicy(pod, container)
  if (breach !== undefined) return [waiting('CreateContainerConfigError', breach)]
  return [() => ({ running: { startedAt: formatKubeTime(Date.now()) } })]
}

export function waitingToStart(pod: Pod): ContainerState {
  return { waiting: { reason: (pod.spec.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating' } }
}

/** containerd's words. */
function describePullFailure(image: string): string {
  const [first = ''] = image.split('/')
  const hasRegistry = image.includes('/') && /[.:]|^localhost$/.test(first)
  const full = hasRegistry ? image : `docker.io/${image.includes('/') ? '' : 'library/'}${image}`
  const reference = /[:@][^/]+$/.test(full) ? full : `${full}:latest`
  return `rpc error: code = NotFound desc = failed to pull and unpack image "${reference}": failed to resolve reference "${reference}": ${reference}: not found`
}

/** k8s.io/kubernetes/pkg/kubelet/kuberuntime/security_context.go, verifyRunAsNonRoot. The demo's images run as root. */
function breaksNonRootPolicy(pod: Pod, container: Container): string | undefined {
  const context = { ...pod.spec.securityContext, ...container.securityContext }
  if (context.runAsNonRoot !== true) return undefined
  const where = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`
  if (context.runAsUser === undefined) return `container has runAsNonRoot and image will run as root ${where}`
  return context.runAsUser === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined
}
