import { forbidden, type Status } from './status.ts'

/** Rule of a Role, or of a ClusterRole if `namespaces` is absent. `*` means all. */
export interface RequestedRight {
  readonly verbs: readonly string[]
  /** Plural names, with subresources: `pods`, `pods/exec`. */
  readonly resources: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly namespaces?: readonly string[]
}

export interface User {
  readonly name: string
  readonly token: string
  readonly rights: readonly RequestedRight[]
}

export interface Action {
  readonly verb: string
  readonly group: string
  readonly plural: string
  readonly subresource: string | undefined
  readonly namespace: string | undefined
  readonly name: string | undefined
}

export const allRights: readonly RequestedRight[] = [{ verbs: ['*'], resources: ['*'] }]

export function findUser(users: readonly User[], authorization: string | undefined): User | undefined {
  const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]?.trim()
  return users.find((user) => user.token === token)
}

export function isAuthorized(user: User, action: Action): boolean {
  const wanted = action.subresource === undefined ? action.plural : `${action.plural}/${action.subresource}`
  return user.rights.some(
    (right) =>
      covers(right.verbs, action.verb) &&
      covers(right.resources, wanted) &&
      (right.apiGroups === undefined || covers(right.apiGroups, action.group)) &&
      (right.namespaces === undefined ||
        (action.namespace !== undefined && right.namespaces.includes(action.namespace))),
  )
}

/** Returns the refusal; undefined if the user has the permission. */
export function refuse(user: User, action: Action): Status | undefined {
  if (isAuthorized(user, action)) return undefined
  const { verb, group, plural, subresource, namespace, name } = action
  return forbidden({ user: user.name, verb, resource: { group, plural, subresource }, namespace, name })
}

function covers(values: readonly string[], wanted: string): boolean {
  return values.includes('*') || values.includes(wanted)
}
