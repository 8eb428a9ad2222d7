import { isModern } from './lab.ts'

/** kcap itself needs no program of this machine. */
export const pathWithoutKubectl = '/nonexistent'

const kubectl = /^not via kubectl: /
const noEphemeral = 'not via ephemeral: Kubernetes 1.20 has no ephemeral containers'
const fromNode = (target: string, scope = '') => [
  'or from its node, if you may log in there:',
  `kcap ${target} --ssh-host kcap-node${scope}`,
]
const debugContainer =
  "via ephemeral, if you allow it: adds a debug container to the pod; it stops by itself, its entry stays in the pod's spec:"

/** Hints that the lab's admin gets about the other routes to a pod. */
export function waysOfAdmin(target: string): (string | RegExp)[] {
  return [
    ...(isModern ? [debugContainer, new RegExp(`^kcap ${target} .*--via ephemeral$`)] : []),
    'via node-pod, if you allow it: creates a temporary pod on the node, and deletes it after the capture:',
    new RegExp(`^kcap ${target} .*--via node-pod$`),
    kubectl,
    ...fromNode(target),
    ...(isModern ? [] : [noEphemeral]),
  ]
}

/** Hints for a user who may create neither pods nor debug containers; `scope` names the cluster as the command line did. */
export function waysWithoutPods(target: string, namespace: string, scope = ''): (string | RegExp)[] {
  return [
    kubectl,
    ...fromNode(target, scope),
    isModern ? 'not via ephemeral: the login has no "patch" on "pods/ephemeralcontainers"' : noEphemeral,
    `not via node-pod: the login has no "create" on "pods" in the namespace "${namespace}"`,
  ]
}
