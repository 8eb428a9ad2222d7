import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { json } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { openEphemeralContainer } from '../../src/kube/ephemeral-container.ts'
import { createNodePod } from '../../src/kube/node-pod.ts'
import { defaultSettings } from '../../src/settings/settings.ts'
import { openApiPeer } from '../support/api-peer.ts'
import { failureOf } from '../support/failure.ts'

const { signal } = new AbortController()
const { debug } = defaultSettings('')
const refusal =
  "pods \"kcap\" is forbidden: ValidatingAdmissionPolicy 'no-exec' with binding 'all' denied request: no exec"

interface Cluster {
  readonly mayDelete: boolean
  /** Status and body of an exec into what does not exist. */
  readonly exec: readonly [number, object]
}

async function openCluster({ mayDelete, exec: [status, body] }: Cluster) {
  const answerReview = async (request: IncomingMessage, response: ServerResponse) => {
    const { spec } = (await json(request)) as { spec: { resourceAttributes: { verb: string } } }
    const allowed = spec.resourceAttributes.verb === 'delete' ? mayDelete : true
    response.end(JSON.stringify({ status: { allowed } }))
  }
  return await openApiPeer(
    (request, response) => {
      response.setHeader('content-type', 'application/json')
      if (request.url?.includes('selfsubjectaccessreviews')) void answerReview(request, response)
      else if (request.url?.includes('selfsubjectreviews'))
        response.end(JSON.stringify({ status: { userInfo: { username: 'ann' } } }))
      else if (request.url?.endsWith('/pods/web-0')) response.end(JSON.stringify({ metadata: { name: 'web-0' } }))
      else response.writeHead(500).end('{"kind":"Status","message":"created"}')
    },
    (_request, socket: Duplex) => {
      const text = JSON.stringify(body)
      socket.end(
        `HTTP/1.1 ${status} Told\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
      )
    },
  )
}

const run = {
  debug,
  makeCommand: () => ['sh'],
  namespace: 'shop',
  node: 'worker-1',
  owner: 'me',
  deadlineSeconds: 60,
  signal,
}
const notFound = [404, { kind: 'Status', message: 'pods "kcap-1" not found', details: { kind: 'pods' } }] as const
const created = (requests: readonly string[]) => requests.filter((request) => /^(POST|PATCH) \/api\/v1\//.test(request))

test('a user who may not delete pods is refused before a pod is created', async () => {
  const { access, requests } = await openCluster({ mayDelete: false, exec: notFound })
  expect(await failureOf(createNodePod(access, run))).toMatchObject({
    code: 'api-forbidden',
    message: 'cannot delete pods in the namespace "shop": user "ann" is not allowed to',
    facts: { denied: { user: 'ann', verb: 'delete', resource: 'pods' } },
  })
  expect(created(requests)).toEqual([])
})

test('where a policy refuses exec, neither a pod nor a debug container is created in vain', async () => {
  const { access, requests } = await openCluster({ mayDelete: true, exec: [422, { kind: 'Status', message: refusal }] })
  expect(await failureOf(createNodePod(access, run))).toMatchObject({ code: 'admission-refused' })
  const options = { namespace: 'shop', pod: 'web-0', debug, command: ['sh'], signal, log() {} }
  expect(await failureOf(openEphemeralContainer(access, options))).toMatchObject({ code: 'admission-refused' })
  expect(created(requests)).toEqual([])
})

test('where exec is allowed, the pod is created', async () => {
  const { access, requests } = await openCluster({ mayDelete: true, exec: notFound })
  expect(await failureOf(createNodePod(access, run))).toMatchObject({ code: 'api-failed' })
  expect(created(requests)).toEqual(['POST /api/v1/namespaces/shop/pods'])
})
