import { type Configuration, createConfiguration } from '@kubernetes/client-node/dist/gen/configuration.js'
import { type RequestContext, ResponseContext, wrapHttpLibrary } from '@kubernetes/client-node/dist/gen/http/http.js'
import { ServerConfiguration } from '@kubernetes/client-node/dist/gen/servers.js'
import {
  ObjectBatchV1Api as BatchV1Api,
  ObjectCoreV1Api as CoreV1Api,
  ObjectRbacAuthorizationV1Api as RbacAuthorizationV1Api,
} from '@kubernetes/client-node/dist/gen/types/ObjectParamAPI.js'
import { KcapError } from '../base/kcap-error.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import type { Verb } from '../kube/grant.ts'
import type { KubeAction } from '../kube/kube-error.ts'
import { type RequestBody, requestObject } from '../kube/kube-request.ts'

/** Typed clients of Kubernetes' client library, for the objects of a record. */
export interface TypedClients {
  readonly core: CoreV1Api
  readonly batch: BatchV1Api
  readonly rbac: RbacAuthorizationV1Api
}

/** Host of the addresses that the clients build; the requests go to the API server of the login. */
const base = 'https://cluster'
const verbs: Readonly<Record<string, Verb>> = { POST: 'create', PATCH: 'patch', DELETE: 'delete', GET: 'get' }

/** Makes clients that send their requests with the login that kcap has, and have no login of their own. */
export function makeTypedClients(access: ClusterAccess, signal: AbortSignal): TypedClients {
  const send = async (request: RequestContext) => {
    const { pathname, search } = new URL(request.getUrl())
    const method = request.getHttpMethod() as string
    const body = request.getBody()
    const answer = await requestObject<object>(access, {
      path: `${pathname}${search}`,
      action: readAction(method, pathname),
      ...(method !== 'GET' && { method: method as NonNullable<RequestBody['method']> }),
      // The clients send JSON patches unless told otherwise; lists of a strategic merge patch keep what others have added.
      contentType: method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json',
      ...(body !== undefined && { body: String(body) }),
      signal,
    })
    const text = JSON.stringify(answer ?? {})
    const contents = { text: async () => text, binary: async () => Buffer.from(text) }
    return new ResponseContext(answer === undefined ? 404 : 200, { 'content-type': 'application/json' }, contents)
  }
  const configuration: Configuration = createConfiguration({
    baseServer: new ServerConfiguration(base, {}),
    httpApi: wrapHttpLibrary({ send }),
  })
  return {
    core: new CoreV1Api(configuration),
    batch: new BatchV1Api(configuration),
    rbac: new RbacAuthorizationV1Api(configuration),
  }
}

/** Reads what a request does from its path: `/apis/batch/v1/namespaces/shop/jobs/NAME`. */
function readAction(method: string, path: string): KubeAction {
  const [, apiGroup, namespace, resource = '', name] =
    /^\/(?:api|apis\/([^/]+))\/v\w+\/namespaces\/([^/]+)\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? []
  return {
    verb: verbs[method] ?? 'get',
    resource,
    namespace: namespace === undefined ? undefined : decodeURIComponent(namespace),
    ...(apiGroup !== undefined && { apiGroup }),
    ...(name !== undefined && { name: decodeURIComponent(name) }),
  }
}

/** Reports whether a client's error says that there is no such object or namespace. */
export function isNotFound(error: unknown): boolean {
  return (error as { code?: unknown }).code === 404
}

/** Reports whether an object of that name is there already. */
export function isConflict(error: unknown): boolean {
  return error instanceof KcapError && error.facts.httpStatus === 409
}
