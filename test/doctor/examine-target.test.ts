import { load } from 'js-yaml'
import { describe, expect, test } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { expectRefusal, makeDemoUser, requestsOf } from '../support/demo-user.ts'
import type { RbacObject } from '../support/read-grant.ts'

const look = { verbs: ['get', 'list', 'watch'], resources: ['pods'] }
const demo = await openDemoFixture({
  users: [
    { name: 'viewer', rights: [look] },
    { name: 'execer', rights: [look, { verbs: ['get', 'create'], resources: ['pods/exec'] }] },
  ],
})
const admin = await makeDemoUser(demo)

/** `ok exec`, `!! ssh` … */
const routes = (stdout: string) => [...stdout.matchAll(/^(ok|!!) (\S+) /gm)].map(([, state, via]) => `${state} ${via}`)

/** The YAML at the end, read by another reader than wrote it. */
function readManifests(stdout: string): RbacObject[] {
  const [, yaml = ''] = stdout.split(/^# What the login lacks.*\n/m)
  return yaml.split(/^---$/m).map((text) => load(text) as never)
}

describe('a pod that captures by itself', () => {
  test('is reported with its node, level, tools, rights and routes', async () => {
    const { code, stdout, lines } = await admin.run('doctor', 'prod/orders-6c9f')
    expect([code, lines]).toEqual([0, ['']])
    expect(stdout).toMatch(/^prod\/orders-6c9f in context kcap-demo$/m)
    expect(stdout).toMatch(/node +demo-node-1: linux on amd64, containerd:\/\/2\.1\.4, Kubernetes 1\.34$/m)
    expect(stdout).toMatch(/pod security level: none enforced$/m)
    expect(stdout).toMatch(
      /container +api: tcpdump, .*; root, may capture; its clock is (right|0\.\d s (ahead of|behind))/m,
    )
    expect(stdout).toMatch(/\+get pods\/exec, .*\+patch pods\/ephemeralcontainers, \+create pods/)
    expect(routes(stdout)).toEqual(['ok exec', '!! kubectl', '!! ssh', 'ok ephemeral', 'ok node-pod'])
    expect(stdout).not.toContain('What the login lacks')
  })

  test('is reported as JSON too', async () => {
    const { code, stdout } = await admin.start('doctor', 'prod/orders-6c9f', '-o', 'json').ended
    expect([code, JSON.parse(stdout.toString())]).toMatchObject([
      0,
      [
        {
          target: 'prod/orders-6c9f',
          node: { name: 'demo-node-1', architecture: 'amd64' },
          container: { name: 'api', facts: { mayCapture: true, userId: 0 }, runsAsNonRoot: false },
          user: 'kcap-demo',
          routes: [
            { via: 'exec', state: 'open' },
            { via: 'kubectl', state: 'refused' },
            { via: 'ssh', state: 'refused' },
            { via: 'ephemeral', state: 'consent' },
            { via: 'node-pod', state: 'consent' },
          ],
        },
      ],
    ])
  })

  test('has each right once, and those of another namespace with its name', async () => {
    const rights = async (...more: string[]) => {
      const { stdout } = await admin.run('doctor', 'prod/orders-6c9f', ...more)
      return /^ +rights +(.*)$/m.exec(stdout)?.[1]?.split(', ') ?? []
    }
    const again = await rights()
    expect(again.length).toBe(new Set(again).size)
    expect(await rights('--debug-namespace', 'staging')).toEqual(
      expect.arrayContaining(['+get pods', '+get pods/exec', '+create pods in staging', '+get pods/exec in staging']),
    )
  })

  test('is only looked at: nothing is created or changed', async () => {
    const requests = await requestsOf(demo, () => admin.run('doctor', 'prod/minimal-0'))
    expect(requests.filter((request) => !/^GET |^POST .*reviews$/.test(request))).toEqual([])
  })

  test('has the difference of its clock', async () => {
    await demo.cluster.misbehave({ clockOffsetMs: 90_000 }, 'prod/web-5f8c')
    expect((await admin.run('doctor', 'prod/web-5f8c')).stdout).toMatch(/its clock is (89|90)\.\d s ahead of this one/)
  })
})

describe('a pod that does not capture by itself', () => {
  test('because it has no shell has the creating routes', async () => {
    const { code, stdout } = await admin.run('doctor', 'prod/minimal-0')
    expect(code).toBe(0)
    expect(stdout).toContain('container  server: no shell answers in it')
    expect(routes(stdout)).toEqual(['!! exec', '!! kubectl', '!! ssh', 'ok ephemeral', 'ok node-pod'])
  })

  test('because it has no capture program, or its user may not capture, says which', async () => {
    expect((await admin.run('doctor', 'prod/slim-0')).stdout).toMatch(/^!! exec +there is no tcpdump, no dumpcap/m)
    const { stdout } = await admin.run('doctor', 'prod/locked-0')
    expect(stdout).toMatch(/not root, may not capture \(no NET_RAW\)/)
    expect(stdout).toMatch(/^!! exec +user 1000 of "prod\/locked-0" has no NET_RAW/m)
  })

  test('as JSON says why exec does not capture', async () => {
    const { stdout } = await admin.run('doctor', 'prod/minimal-0', '-o', 'json')
    expect(JSON.parse(stdout)[0].facts.execFailure).toEqual({
      code: 'no-shell',
      message: 'cannot capture in "prod/minimal-0": its container has no "sh"',
    })
  })
})

describe('a login without rights', () => {
  test('gets the Role that is missing as YAML, bound to it', async () => {
    const { code, stdout } = await (await makeDemoUser(demo, 'viewer')).run('doctor', 'prod/orders-6c9f')
    expect(code).toBe(6)
    expect(stdout).toMatch(/-get pods\/exec, -create pods\/exec/)
    const [role, binding] = readManifests(stdout)
    expect(role).toMatchObject({ kind: 'Role', metadata: { namespace: 'prod' } })
    expect(role?.rules).toContainEqual({ apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] })
    expect(binding).toMatchObject({ kind: 'RoleBinding', metadata: { namespace: 'prod' } })
    expect(binding?.subjects).toEqual([{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'viewer' }])
  })

  test('that may exec into a pod without a shell lacks the right to add a debug container', async () => {
    const { stdout } = await (await makeDemoUser(demo, 'execer')).run('doctor', 'prod/minimal-0')
    const [role] = readManifests(stdout)
    expect(role?.rules).toContainEqual({ apiGroups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['patch'] })
    // What it has already, too: applying the Role takes nothing away.
    expect(role?.rules).toContainEqual({ apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] })
    expect(role?.metadata.name).toBe('kcap:execer:minimal-0:ephemeral')
  })
})

test('where exec takes "get" and "create", a login with "get" alone lacks the other', async () => {
  const strict = await openDemoFixture({
    execVerbs: ['get', 'create'],
    users: [{ name: 'get-only', rights: [look, { verbs: ['get'], resources: ['pods/exec'] }] }],
  })
  const { stdout } = await (await makeDemoUser(strict, 'get-only')).run('doctor', 'prod/orders-6c9f')
  expect(stdout).toMatch(/^!! exec +cannot create pods\/exec in the namespace "prod"/m)
  const [role] = readManifests(stdout)
  expect(role?.rules).toContainEqual({ apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] })
})

test("a pod on Windows is 'windows-node'", async () => {
  demo.cluster.addPod({ name: 'iis-0' })
  demo.cluster.updatePod('prod/iis-0', ({ spec }) => {
    spec.os = { name: 'windows' }
  })
  for (const words of [['doctor', 'prod/iis-0'], ['prod/iis-0']]) {
    const { code, lines } = await admin.run(...words, ...(words.length === 1 ? ['-o', '-'] : []))
    expect(code).toBe(6)
    expectRefusal(
      lines,
      'cannot capture "prod/iis-0": it runs on Windows, where kcap cannot capture',
      'capture on the other end of its connections: a pod or node with Linux',
      'on the Windows node itself: pktmon start --capture, then pktmon etl2pcap',
    )
  }
})

test('a target without a choice of routes is a usage error', async () => {
  const { code, lines } = await admin.run('doctor', 'node/demo-node-1')
  expect([code, lines[1]]).toEqual([2, 'kcap:   hint: kcap doctor NAMESPACE/POD'])
})
