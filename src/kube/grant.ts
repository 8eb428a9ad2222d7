import { createHash } from 'node:crypto'
import type { Hint } from '../base/hint.ts'
import { printableJson } from '../base/printable.ts'

/** Verbs on a resource, as a Role has them. */
export interface Rule {
  /** undefined: in the whole cluster. */
  readonly namespace: string | undefined
  /** '' is the core group. */
  readonly apiGroup: string
  /** `pods`, `pods/exec`. */
  readonly resource: string
  readonly verbs: readonly Verb[]
}

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete'

export interface Grant {
  /** Whom the API server takes the login for; undefined where it does not say. */
  readonly user: string | undefined
  /** What the rights are for: the target and its route. */
  readonly purpose: string
  readonly rules: readonly Rule[]
}

/**
 * Formats a Role and a RoleBinding for each namespace of the rules, as YAML. They are named after user and purpose and have all rules of that purpose:
 * applying them again, or for another user or purpose, takes nothing away.
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

/** Returns the same as a line for someone who may grant it. */
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

/** Names of RBAC's objects may hold all but `/` and `%`; what else a shell or a terminal could stumble over is left out, too. */
function makeName(user: string, purpose: string): string {
  const wanted = `kcap:${user}:${purpose}`
  const name = wanted.replace(/[^\w.:@-]/g, '-').slice(0, longestName)
  // Two users must never share one.
  return name === wanted ? name : `${name}-${createHash('sha256').update(wanted).digest('hex').slice(0, 8)}`
}
