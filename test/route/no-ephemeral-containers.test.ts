import { expect, test } from 'vitest'
import { expectRefusal, openDemoUsers, requestsOf } from '../support/demo-user.ts'

const { demo, admin } = await openDemoUsers({ hasEphemeralContainers: false })

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
