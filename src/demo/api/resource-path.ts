import { findResource, type Resource } from '../cluster/resources.ts'

/** What a path under /api or /apis asks for. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris */
export interface ResourcePath {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly resource: Resource | undefined
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly subresource: string | undefined
}

export function parseResourcePath(pathname: string): ResourcePath | undefined {
  const parts = pathname.split('/').slice(1)
  let decoded: string[]
  try {
    decoded = parts.map(decodeURIComponent)
  } catch {
    return undefined
  }
  const [root, ...rest] = decoded
  let group = ''
  if (root === 'apis') group = rest.shift() ?? ''
  else if (root !== 'api') return undefined
  const version = rest.shift()
  if (version === undefined || rest.length === 0 || rest[0] === '' || rest.length > 5) return undefined
  // /namespaces/N is the namespace itself, /namespaces/N/pods what is in it.
  let namespace: string | undefined
  if (rest[0] === 'namespaces' && rest.length >= 3) {
    namespace = rest[1]
    rest.splice(0, 2)
  }
  const [plural = '', name, subresource] = rest
  const resource = findResource(group, version, plural)
  return { group, version, plural, resource, namespace, name, subresource }
}
