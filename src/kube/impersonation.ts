import type { Impersonation } from '../base/target.ts'
import type { UserEntry } from './kubeconfig-entries.ts'

/**
 * Makes the headers by which a user acts as another, as client-go's impersonating round tripper does.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
export function makeImpersonationHeaders(user: UserEntry): Record<string, string | string[]> {
  const { as: name, 'as-uid': uid, 'as-groups': groups = [], 'as-user-extra': extra = {} } = user
  if (!name) return {}
  const headers: Record<string, string | string[]> = { 'Impersonate-User': headerText(name) }
  if (uid) headers['Impersonate-Uid'] = headerText(uid)
  if (groups.length > 0) headers['Impersonate-Group'] = groups.map(headerText)
  for (const [key, values] of Object.entries(extra)) {
    // Keys that differ only in case are one header.
    const header = `Impersonate-Extra-${escapeHeaderKey(key).toLowerCase()}`
    if (values.length > 0) headers[header] = [...(headers[header] ?? []), ...values.map(headerText)]
  }
  return headers
}

/** Returns the user with the impersonation of the flags, each of which overrides the kubeconfig (client-go, client_config.go). */
export function actAs(user: UserEntry, impersonation: Impersonation | undefined): UserEntry {
  if (impersonation === undefined) return user
  const { user: name, groups, uid } = impersonation
  return {
    ...user,
    ...(name !== undefined && { as: name }),
    ...(groups.length > 0 && { 'as-groups': groups }),
    ...(uid !== undefined && { 'as-uid': uid }),
  }
}

/** Reports whether groups or other details are impersonated without a user, which client-go refuses. */
export function lacksImpersonatedUser(user: UserEntry): boolean {
  const { as: name, 'as-uid': uid, 'as-groups': groups = [], 'as-user-extra': extra = {} } = user
  return !name && (Boolean(uid) || groups.length > 0 || Object.keys(extra).length > 0)
}

/** Encodes a text as Go sends it, in UTF-8. Node writes Latin-1, so each byte needs a character. */
export function headerText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** Escapes, as in a URL, every byte that a header name can't hold, and the percent sign. */
function escapeHeaderKey(key: string): string {
  return [...Buffer.from(key, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return /[A-Za-z0-9!#$&'*+.^_`|~-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}
