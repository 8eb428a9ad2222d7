import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { json } from 'node:stream/consumers'
import type { V1ObjectMeta } from '@kubernetes/client-node'
import { openApiPeer } from './api-peer.ts'

export interface StoredObject {
  readonly metadata: V1ObjectMeta
  readonly [key: string]: unknown
}

export interface StorePeerOptions {
  /** Namespaces that exist. */
  readonly namespaces?: readonly string[]
  /** Status and message with which to refuse the creation of objects, by their resource. */
  readonly refusals?: Readonly<Record<string, readonly [number, string]>>
  /** Called after an object was created, with what stores further ones. */
  readonly onCreated?: (
    resource: string,
    object: StoredObject,
    put: (resource: string, object: StoredObject) => void,
  ) => void
  /** Answers an exec. */
  readonly exec?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

const collection = /^\/(?:api|apis\/[^/]+)\/v1(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?$/

/**
 * An API server that stores objects, lists them by namespace and by equal labels, checks in a dry run that it would store them, and deletes the pods
 * of a job with the job.
 */
export async function openStorePeer(options: StorePeerOptions = {}) {
  const { namespaces = ['shop', 'staging'], refusals = {}, onCreated = () => {}, exec } = options
  const stored = new Map<string, StoredObject>()
  const patches: object[] = []
  const keyOf = (resource: string, namespace: string, name: string) => `${resource}/${namespace}/${name}`
  const fail = (code: number, message: string) => [code, { kind: 'Status', code, message }] as const

  const put = (resource: string, object: StoredObject) => {
    stored.set(keyOf(resource, object.metadata.namespace ?? '', object.metadata.name ?? ''), object)
  }

  const list = (resource: string, namespace: string | undefined, query: URLSearchParams) => {
    const wanted = (query.get('labelSelector') ?? '').split(',').filter((term) => term !== '')
    const items = [...stored]
      .filter(([key]) => key.startsWith(`${resource}/${namespace === undefined ? '' : `${namespace}/`}`))
      .map(([, object]) => object)
      .filter(({ metadata }) =>
        wanted.every((term) => {
          const [, key = '', operator, value] = /^(.*?)(!?=)(.*)$/.exec(term) ?? []
          return (metadata.labels?.[key] === value) === (operator === '=')
        }),
      )
    const from = Number(query.get('continue') ?? 0)
    const to = from + Number(query.get('limit') ?? 500)
    const metadata = to < items.length ? { continue: String(to) } : {}
    return [200, { kind: 'List', metadata, items: items.slice(from, to) }] as const
  }

  async function create(request: IncomingMessage, resource: string, namespace: string, isDryRun: boolean) {
    const object = (await json(request)) as StoredObject
    const refusal = refusals[resource]
    if (refusal !== undefined) return fail(...refusal)
    if (!namespaces.includes(namespace)) return fail(404, `namespaces "${namespace}" not found`)
    const name = object.metadata.name ?? ''
    const key = keyOf(resource, namespace, name)
    if (stored.has(key)) return fail(409, `${resource} "${name}" already exists`)
    const metadata = { ...object.metadata, namespace, uid: `uid-of-${name}`, creationTimestamp: '2026-11-30T21:00:00Z' }
    const made = { ...object, metadata }
    if (isDryRun) return [201, made] as const
    put(resource, made as unknown as StoredObject)
    onCreated(resource, made as unknown as StoredObject, put)
    return [201, made] as const
  }

  function remove(resource: string, namespace: string, name: string) {
    if (!stored.delete(keyOf(resource, namespace, name))) return fail(404, `${resource} "${name}" not found`)
    if (resource === 'jobs')
      for (const [key, { metadata }] of stored) if (metadata.labels?.['job-name'] === name) stored.delete(key)
    return [200, { kind: 'Status', status: 'Success' }] as const
  }

  async function answer(request: IncomingMessage) {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://peer')
    const [, namespace, resource = '', name] = collection.exec(pathname) ?? []
    if (request.method === 'GET' && name === undefined) return list(resource, namespace, searchParams)
    const key = keyOf(resource, namespace ?? '', name ?? '')
    const known = stored.get(key)
    if (request.method === 'POST') return await create(request, resource, namespace ?? '', searchParams.has('dryRun'))
    if (request.method === 'DELETE') return remove(resource, namespace ?? '', name ?? '')
    if (known === undefined) return fail(404, `${resource} "${name}" not found`)
    if (request.method === 'PATCH')
      patches.push({ key, type: request.headers['content-type'], ...((await json(request)) as object) })
    return [200, known] as const
  }

  const peer = await openApiPeer(async (request, response) => {
    const [status, body] = await answer(request)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }, exec)
  return {
    ...peer,
    patches,
    /** Names of what is stored: `jobs/shop/kcap-orders-7f3a-0a1b2c3d`. */
    names: () => [...stored.keys()].toSorted(),
    put,
    get: (key: string) => stored.get(key),
  }
}
