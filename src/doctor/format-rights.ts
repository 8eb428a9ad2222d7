import { printableJson } from '../base/printable.ts'
import { firstEphemeralVersion, type RouteFacts } from '../route/plan-routes.ts'

interface Rule {
  readonly namespace: string
  readonly resource: string
  readonly verbs: readonly string[]
}

/** The Role and RoleBinding, as YAML to be applied, that give the login what the best way for it lacks; '' when it lacks nothing. */
export function formatMissingRights(facts: RouteFacts, user: string): string {
  const { rights, namespace, nodePodNamespace, execFailure } = facts
  const exec = { namespace, resource: 'pods/exec', verbs: ['get', 'create'] }
  // From Kubernetes 1.35 on "get" alone does not do.
  const mayExec = rights.getExec !== false && execFailure?.code !== 'api-forbidden'
  const isEnough = execFailure === undefined || execFailure.code === 'api-forbidden'
  const rules: Rule[] = []
  if (!mayExec) rules.push(exec)
  // Exec alone would not do: the container has nothing to capture with.
  if (!isEnough && hasEphemeral(facts)) {
    if (rights.patchEphemeral === false)
      rules.push({ namespace, resource: 'pods/ephemeralcontainers', verbs: ['patch'] })
  } else if (!isEnough && !facts.isWindows) {
    if (rights.createPods === false)
      rules.push({ namespace: nodePodNamespace, resource: 'pods', verbs: ['create', 'get', 'list', 'delete'] })
    if (rights.getNodeExec === false) rules.push({ ...exec, namespace: nodePodNamespace })
  }
  return [...new Set(rules.map((rule) => rule.namespace))]
    .map((place) => {
      const own = rules.filter((rule) => rule.namespace === place)
      return `${formatRole(place, own)}---\n${formatBinding(place, user)}`
    })
    .join('---\n')
}

function hasEphemeral({ minorVersion, podSecurity, isWindows, isStatic }: RouteFacts): boolean {
  const isThere = minorVersion === undefined || minorVersion >= firstEphemeralVersion
  return isThere && podSecurity !== 'restricted' && !isWindows && !isStatic
}

function formatRole(namespace: string, rules: readonly Rule[]): string {
  const lines = [{ namespace, resource: 'pods', verbs: ['get', 'list', 'watch'] }, ...rules].map(
    ({ resource, verbs }) => `  - apiGroups: [""]\n    resources: [${resource}]\n    verbs: [${verbs.join(', ')}]\n`,
  )
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: kcap
  namespace: ${printableJson(namespace)}
rules:
${lines.join('')}`
}

function formatBinding(namespace: string, user: string): string {
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: kcap
  namespace: ${printableJson(namespace)}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: kcap
subjects:
  - kind: User
    apiGroup: rbac.authorization.k8s.io
    name: ${printableJson(user)}
`
}
