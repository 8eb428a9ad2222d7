import { createHash } from 'node:crypto'
import type { Hint } from '../base/hint.ts'
import { printableJson } from '../base/printable.ts'

/** Verbs on a resource, as in a Role. */
export interface Rule {
  /** Namespace; undefined: the whole cluster. */
  readonly namespace: string | undefined
  /** API group; '' is the core group. */
  readonly apiGroup: string
  /** `pods`, `pods/exec`. */
  readonly resource: string
  readonly verbs: readonly Verb[]
}

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete'

export interface Grant {
  /** User that the API server knows for the login; undefined when it does not say. */
  readonly user: string | undefined
  /** Purpose of the permissions: the target and its route. */
  readonly purpose: string
  readonly rules: readonly Rule[]
}

/**
 * Formats a Role and a RoleBinding for each namespace of the rules, as YAML. Their name contains user and purpose, and they have all rules of that
 * purpose. Applying them again, or for another user or purpose, removes no permission.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/
 */
export function formatGrant({ user = 'NAME', purpose, rules }: Grant): string {
  const name = printableJson(makeName(user, purpose))
  const namespaces = [...new Set(rules.map((rule) => rule.namespace))]
  return namespaces
    .map((namespace) => {
      const kind = namespace === undefined ? 'ClusterRole' : 'Role'
      const head = `metadata:\n  name: ${name}\n${namespace === undefined ? '' : `  namespace: ${printableJson(namespace)}\n`}`
      const own = rules.filter((rule) => rule.namespace === namespace).map(formatRule)
      return `${version}kind: ${kind}
${head}rules:
${own.join('')}---
${version}kind: ${kind}Binding
${head}roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ${kind}
  name: ${name}
subjects:
${formatSubject(user)}`
    })
    .join('---\n')
}

/** Returns the grant as a command for someone who may apply it. */
export function grantHint(grant: Grant): Hint {
  return {
    note: 'someone who may grant it can apply this, which takes nothing away',
    argv: ['kubectl', 'apply', '-f', '-'],
    input: formatGrant(grant),
  }
}

const version = 'apiVersion: rbac.authorization.k8s.io/v1\n'

function formatRule({ apiGroup, resource, verbs }: Rule): string {
  return `  - apiGroups: [${JSON.stringify(apiGroup)}]\n    resources: [${resource}]\n    verbs: [${verbs.join(', ')}]\n`
}

function formatSubject(user: string): string {
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? []
  if (account !== undefined)
    return `  - kind: ServiceAccount\n    namespace: ${printableJson(namespace)}\n    name: ${printableJson(account)}\n`
  return `  - kind: User\n    apiGroup: rbac.authorization.k8s.io\n    name: ${printableJson(user)}\n`
}

const longestName = 200

/** Makes a name for RBAC objects. They may contain anything but `/` and `%`; this leaves out what a shell or a terminal could stumble over, too. */
function makeName(user: string, purpose: string): string {
  const wanted = `kcap:${user}:${purpose}`
  const name = wanted.replace(/[^\w.:@-]/g, '-').slice(0, longestName)
  // Two users must never share a name.
  return name === wanted ? name : `${name}-${createHash('sha256').update(wanted).digest('hex').slice(0, 8)}`
}
