import { expect, test } from 'vitest'
import { awaitContainer } from '../../src/kube/await-container.ts'
import { openApiPeer } from '../support/api-peer.ts'
import { failureOf } from '../support/failure.ts'
import { makeFakeClock } from '../support/fake-clock.ts'

const image = 'registry/debug:1'

/** Waits for the container `debug`, which has these states, one for each look, and keeps the last; undefined: its pod is gone. */
async function start(...states: readonly (object | undefined)[]) {
  const { access, requests } = await openApiPeer((_request, response) => {
    const state = states[Math.min(requests.length, states.length) - 1]
    if (state === undefined) return void response.writeHead(404).end()
    const ephemeralContainerStatuses = [{ name: 'debug', state }]
    const spec = { containers: [], ephemeralContainers: [{ name: 'debug' }] }
    response.end(JSON.stringify({ metadata: { name: 'web' }, spec, status: { ephemeralContainerStatuses } }))
  })
  const clock = makeFakeClock()
  const { signal } = new AbortController()
  const waited = awaitContainer(access, { namespace: 'shop', pod: 'web', container: 'debug', image, signal, clock })
  return { clock, requests, waited }
}

const pulling = { waiting: { reason: 'ContainerCreating' } }

test('the wait ends when the container runs, with pauses between the looks', async () => {
  const { clock, requests, waited } = await start(pulling, { running: {} })
  await expect.poll(() => clock.sleepers).toBe(1)
  expect(requests.length).toBe(1)
  await clock.advance(100)
  await waited
  expect(requests.length).toBe(2)
})

test.each([
  [{ waiting: { reason: 'ImagePullBackOff', message: 'no such image' } }, 'ImagePullBackOff: no such image'],
  [{ terminated: { exitCode: 1, reason: 'Error' } }, 'it ended at once, with exit code 1 (Error)'],
])("a container that is %j is 'debug-container-failed' at once", async (state, text) => {
  const error = await failureOf((await start(state)).waited)
  expect([error.code, error.message]).toEqual([
    'debug-container-failed',
    `cannot start the debug container "debug" in "shop/web": ${text}`,
  ])
})

test("a container that has not started after 3 minutes is 'debug-container-failed'", async () => {
  const { clock, waited } = await start(pulling)
  const failed = failureOf(waited)
  await expect.poll(() => clock.sleepers).toBe(1)
  await clock.advance(180_001)
  expect((await failed).message).toMatch(/: ContainerCreating$/)
})

test("a pod that is gone meanwhile is 'pod-not-found'", async () => {
  const { clock, waited } = await start(pulling, undefined)
  const failed = failureOf(waited)
  await expect.poll(() => clock.sleepers).toBe(1)
  await clock.advance(100)
  expect((await failed).code).toBe('pod-not-found')
})
