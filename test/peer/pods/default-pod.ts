import type { Container, Pod } from '../../../src/demo/cluster/kube-object.ts'

/** Returns the pod with the API server's defaults for omitted fields: k8s.io/kubernetes/pkg/apis/core/v1/defaults.go. */
export function defaultPod(pod: Pod): Pod {
  const { spec } = pod
  return {
    ...pod,
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      serviceAccount: spec.serviceAccountName ?? 'default',
      securityContext: {},
      schedulerName: 'default-scheduler',
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
      ...spec,
      containers: (spec.containers ?? []).map(defaultContainer),
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(defaultContainer) }),
    },
  }
}

export function defaultContainer<C extends Container>(container: C): C {
  return {
    ...container,
    resources: container.resources ?? {},
    terminationMessagePath: container.terminationMessagePath ?? '/dev/termination-log',
    terminationMessagePolicy: container.terminationMessagePolicy ?? 'File',
    imagePullPolicy: container.imagePullPolicy ?? (isLatest(container.image ?? '') ? 'Always' : 'IfNotPresent'),
  }
}

function isLatest(image: string): boolean {
  if (image.includes('@')) return false
  const tag = /:([^/:]+)$/.exec(image)?.[1]
  return tag === undefined || tag === 'latest'
}

/** k8s.io/kubernetes/pkg/apis/core/v1/helper/qos, as far as CPU and memory go. */
export function qosClassOf({ spec }: Pod): string {
  const needs = spec.containers.map(({ resources }) => ({
    requests: resources?.requests ?? resources?.limits ?? {},
    limits: resources?.limits ?? {},
  }))
  if (needs.every(({ requests, limits }) => Object.keys({ ...requests, ...limits }).length === 0)) return 'BestEffort'
  const isBound = ({ requests, limits }: (typeof needs)[number]) =>
    ['cpu', 'memory'].every((what) => limits[what] !== undefined && (requests[what] ?? limits[what]) === limits[what])
  return needs.every(isBound) ? 'Guaranteed' : 'Burstable'
}
