import type { Action } from './authorize.ts'

/** Parts of a path under /api or /apis. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris */
export interface ResourcePath {
  readonly group: string
  readonly version: string
  readonly plural: string
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
  // /namespaces/N is the namespace itself, /namespaces/N/pods its content.
  let namespace: string | undefined
  if (rest[0] === 'namespaces' && rest.length >= 3) {
    namespace = rest[1]
    rest.splice(0, 2)
  }
  const [plural = '', name, subresource] = rest
  return { group, version, plural, namespace, name, subresource }
}

/** Returns the verb of an exec. kubectl's SPDY exec is a POST and needs `create`; a WebSocket is a GET. */
export function execVerb(method: string): string {
  return method === 'POST' ? 'create' : 'get'
}

export function actionOf(path: ResourcePath, verb: string): Action {
  // For the authorizer, a Namespace is in itself.
  const namespace = path.plural === 'namespaces' ? path.name : path.namespace
  return { verb, group: path.group, plural: path.plural, subresource: path.subresource, namespace, name: path.name }
}

export function verbOf(method: string, readVerb: string): string {
  const verbs: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }
  return verbs[method] ?? readVerb
}
