import { expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { gatherFacts } from '../../src/route/gather-facts.ts'
import { openApiPeer } from '../support/api-peer.ts'
import { makePodTarget } from '../support/pod-target.ts'

const { signal } = new AbortController()
const options = { execFailure: undefined, debugNamespace: 'debug', sshHost: undefined, signal }

/** A cluster that answers every review with what `allows` says of `verb resource namespace`. */
async function openCluster(allows: (right: string) => boolean, answers: Readonly<Record<string, object>> = {}) {
  return await openApiPeer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.url?.endsWith('/selfsubjectaccessreviews')) {
      const { verb, resource, subresource, namespace } = JSON.parse(body).spec.resourceAttributes
      const allowed = allows(`${verb} ${[resource, subresource].filter(Boolean).join('/')} ${namespace}`)
      response.end(JSON.stringify({ status: { allowed } }))
      return
    }
    const answer = answers[request.url ?? '']
    if (answer === undefined) response.writeHead(404)
    response.end(JSON.stringify(answer ?? {}))
  })
}

test('rights are asked where they are needed: those of node pods in their own namespace', async () => {
  const { access } = await openCluster((right) => right === 'get pods/exec shop' || right === 'create pods debug')
  const { rights, nodePodNamespace } = await gatherFacts(makePodTarget(), access, options)
  expect(nodePodNamespace).toBe('debug')
  expect(rights).toEqual({
    getExec: true,
    createExec: false,
    patchEphemeral: false,
    createPods: true,
    deletePods: false,
    getNodeExec: false,
    createNodeExec: false,
  })
})

test('what the cluster says of itself becomes facts', async () => {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  const { access } = await openCluster(() => true, {
    '/version': { minor: '30+' },
    '/api/v1/namespaces/shop': { metadata: { labels } },
    '/api/v1/nodes/node-1': { status: { nodeInfo: { operatingSystem: 'windows' } } },
  })
  expect(await gatherFacts(makePodTarget({ isStatic: true }), access, options)).toMatchObject({
    minorVersion: 30,
    podSecurity: 'restricted',
    nodePodSecurity: 'unknown',
    isWindows: true,
    isStatic: true,
  })
})

test('a pod without a node asks for none', async () => {
  const { access, requests } = await openCluster(() => true)
  await gatherFacts(makePodTarget({ node: undefined }), access, options)
  expect(requests.filter((request) => request.includes('/nodes/'))).toEqual([])
})

test('the failure of exec is in the facts with its code and message alone', async () => {
  const { access } = await openCluster(() => true)
  const execFailure = new KcapError('no-shell', 'its container has no "sh"', { hints: ['--container NAME'] })
  const facts = await gatherFacts(makePodTarget(), access, { ...options, execFailure })
  expect(facts.execFailure).toEqual({ code: 'no-shell', message: 'its container has no "sh"' })
})
