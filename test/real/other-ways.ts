/** kcap itself needs no program of this machine. */
export const pathWithoutKubectl = '/nonexistent'

const kubectl = /^not via kubectl: /
const noEphemeral = 'not via ephemeral: Kubernetes 1.20 has no ephemeral containers'
const fromNode = (target: string, scope = '') => [
  'or from its node, if you may log in there:',
  `kcap ${target} --ssh-host kcap-node${scope}`,
]

/** What the lab's admin is told of the other ways to a pod. */
export function waysOfAdmin(target: string): (string | RegExp)[] {
  return [
    "via node-pod, if you allow it: a pod of kcap's own runs on the node while it captures, and is deleted then:",
    new RegExp(`^kcap ${target} .*--via node-pod$`),
    kubectl,
    ...fromNode(target),
    noEphemeral,
  ]
}

/** Hints for a user who may not create pods; `scope` names the cluster as the command line did. */
export function waysWithoutPods(target: string, namespace: string, scope = ''): (string | RegExp)[] {
  return [
    kubectl,
    ...fromNode(target, scope),
    noEphemeral,
    `not via node-pod: the login has no "create" on "pods" in the namespace "${namespace}"`,
    `the rights that open these ways: kcap doctor ${target}${scope}`,
  ]
}
