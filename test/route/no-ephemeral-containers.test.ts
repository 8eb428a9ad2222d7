import { beforeAll, expect, test } from 'vitest'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { type DemoUser, expectRefusal, makeDemoUser, requestsOf } from '../support/demo-user.ts'

let demo: DemoFixture
let admin: DemoUser
beforeAll(async () => {
  demo = await openDemoFixture({ packetsPerSecond: 500, startDelayMs: 20, hasEphemeralContainers: false })
  admin = await makeDemoUser(demo)
})

test("a cluster without ephemeral containers is 'no-ephemeral-containers', and a pod on the node is named instead", async () => {
  const { code, lines } = await admin.capture('prod/minimal-0', '--via', 'ephemeral')
  expect(code).toBe(6)
  expectRefusal(
    lines,
    'cannot add a debug container to "prod/minimal-0": the cluster has no ephemeral containers',
    'they are there from Kubernetes 1.25 on',
    'kcap prod/minimal-0 --via node-pod',
  )
})

test('in auto a pod on the node is tried when the debug container is not to be had', async () => {
  const requests = await requestsOf(demo, async () => {
    expect((await admin.capture('prod/minimal-0', '--yes')).code).toBe(0)
  })
  expect(requests.filter((request) => !/^GET |reviews$/.test(request))).toEqual([
    'PATCH /api/v1/namespaces/prod/pods/minimal-0/ephemeralcontainers',
    'POST /api/v1/namespaces/prod/pods',
    expect.stringMatching(/^DELETE \/api\/v1\/namespaces\/prod\/pods\/kcap-[0-9a-f]{8}$/),
  ])
})
