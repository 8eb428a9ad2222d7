import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { ask } from '../peer/peer-client.ts'
import type { DemoFixture } from '../support/demo.ts'
import { type DemoUser, makeDemoUser, openDemoUsers, requestsOf } from '../support/demo-user.ts'

const labels = { 'app.kubernetes.io/managed-by': 'kcap', 'app.kubernetes.io/name': 'kcap-capture' }
let demo: DemoFixture
let admin: DemoUser
beforeAll(async () => {
  ;({ demo, admin } = await openDemoUsers({
    users: [
      {
        name: 'looker',
        rights: [
          { verbs: ['get', 'list'], resources: ['pods'] },
          { verbs: ['get'], resources: ['pods/exec'] },
        ],
      },
      { name: 'lister', rights: [{ verbs: ['get', 'list'], resources: ['pods'] }] },
    ],
  }))
})

/** A pod as kcap makes one, of somebody else; returns its place. */
async function addNodePod(name: string, namespace = 'staging'): Promise<string> {
  await ask(demo.cluster, `/api/v1/namespaces/${namespace}/pods`, {
    method: 'POST',
    body: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels, annotations: { 'kcap/owner': 'somebody@elsewhere 7 2026-01-01T00:00:00.000Z' } },
      spec: { nodeName: 'demo-node-1', hostNetwork: true, containers: [{ name: 'kcap', image: 'debug:1' }] },
    }),
  })
  return `${namespace}/${name}`
}

async function isThere(pod: string): Promise<boolean> {
  const [namespace, name] = pod.split('/')
  const { code, json } = await ask(demo.cluster, `/api/v1/namespaces/${namespace}/pods/${name}`)
  return code === 200 && json.metadata.deletionTimestamp === undefined
}
const deletions = (requests: readonly string[]) => requests.filter((request) => request.startsWith('DELETE '))

/** Reports nothing about the cluster's own pods. */
async function cleanup(user: DemoUser, ...argv: string[]) {
  const { code, stdout, lines } = await user.run('cleanup', ...argv)
  return { code, told: stdout.trimEnd().split('\n'), lines }
}

test('where nothing is left it says so, and where it has looked', async () => {
  expect(await cleanup(admin)).toMatchObject({
    code: 0,
    told: ['no leftovers of kcap in the namespace "prod" (-A looks in all)'],
  })
})

describe('the pod of a capture that was killed', () => {
  test('is found and kept by --dry-run, and removed without it', async () => {
    const run = admin.start('staging/web-77aa', '--via', 'node-pod', '-o', '/dev/null', '--force')
    const find = async () =>
      (await ask(demo.cluster, '/api/v1/namespaces/staging/pods')).json.items.find(
        ({ metadata, status }: { metadata: { labels?: object }; status: { phase: string } }) =>
          JSON.stringify(metadata.labels) === JSON.stringify(labels) && status.phase === 'Running',
      )
    let pod = await find()
    for (let i = 0; i < 200 && pod === undefined; i++) {
      await sleep(20)
      pod = await find()
    }
    run.child.kill('SIGKILL')
    await once(run.child, 'exit')
    const place = `staging/${pod.metadata.name}`
    const what = new RegExp(`${place}: pod on node demo-node-2, Running, made by .+ ${run.child.pid} `)

    const looked = await cleanup(admin, '-n', 'staging', '--dry-run')
    expect([looked.code, looked.told]).toEqual([0, [expect.stringMatching(what)]])
    expect([looked.told[0]?.split(' ')[0], await isThere(place)]).toEqual(['found', true])

    const removed = await cleanup(admin, '-n', 'staging')
    expect([removed.code, removed.told[0]?.split(' ')[0], await isThere(place)]).toEqual([0, 'removed', false])
  })
})

describe("somebody else's pod", () => {
  test('is kept while it runs, unless it is to be removed all the same', async () => {
    const place = await addNodePod('kcap-others')
    await sleep(100)
    const { told } = await cleanup(admin, '-n', 'staging')
    expect(told).toEqual([
      expect.stringMatching(/^kept +staging\/kcap-others: .* made by somebody@elsewhere 7 .*in use/),
    ])
    expect(await isThere(place)).toBe(true)
    const forced = await cleanup(admin, '-n', 'staging', '--force')
    expect([forced.told[0]?.split(' ')[0], await isThere(place)]).toEqual(['removed', false])
  })

  test('that has ended is removed', async () => {
    const place = await addNodePod('kcap-ended')
    demo.cluster.updatePod(place, ({ status }) => {
      status.phase = 'Succeeded'
    })
    const requests = await requestsOf(demo, () => cleanup(admin, '-n', 'staging'))
    expect(deletions(requests)).toEqual(['DELETE /api/v1/namespaces/staging/pods/kcap-ended'])
  })

  test("is not said to be removed by a login that may not, and the exit code tells that it's there", async () => {
    const place = await addNodePod('kcap-kept')
    demo.cluster.updatePod(place, ({ status }) => {
      status.phase = 'Failed'
    })
    const { code, told, lines } = await cleanup(await makeDemoUser(demo, 'looker'), '-n', 'staging')
    expect([code, told, await isThere(place)]).toEqual([
      1,
      [expect.stringMatching(/^kept +staging\/kcap-kept: /)],
      true,
    ])
    expect(lines.join('\n')).toContain('staging/kcap-kept')
    await cleanup(admin, '-n', 'staging')
  })

  test('that only looks like one by its name is left alone', async () => {
    demo.cluster.addPod({ namespace: 'staging', name: 'kcap-0a1b2c3d' })
    const requests = await requestsOf(demo, () => cleanup(admin, '-n', 'staging', '--force'))
    expect(deletions(requests)).toEqual([])
    demo.cluster.removePod('staging/kcap-0a1b2c3d')
  })
})

test('a debug container is told and kept, because nobody can remove one', async () => {
  expect((await admin.capture('staging/orders-b8d1', '--via', 'ephemeral')).code).toBe(0)
  const { code, told } = await cleanup(admin, '-n', 'staging')
  expect([code, told]).toEqual([
    0,
    [expect.stringMatching(/^kept +staging\/orders-b8d1 kcap-[0-9a-f]{8}: debug container, running, ends by itself/)],
  ])
})

test('-A looks in all namespaces, --json tells a line of JSON for each', async () => {
  await addNodePod('kcap-far', 'default')
  const { stdout } = await admin.start('cleanup', '-A', '--json', '--dry-run', '--force').ended
  const lines = stdout.toString().trimEnd().split('\n')
  const found = lines.map((line) => JSON.parse(line) as { kind: string; place: string; state: string })
  expect(found).toContainEqual(expect.objectContaining({ kind: 'node-pod', place: 'default/kcap-far', state: 'found' }))
})

test('containers that could not be looked into are named, and the exit code says so', async () => {
  const { code, lines } = await cleanup(await makeDemoUser(demo, 'lister'), '-n', 'kube-system')
  expect(code).toBe(1)
  expect(lines).toContain(
    'kcap: not looked into kube-system/kube-proxy-4zk7m kube-proxy: cannot get pods/exec in the namespace "kube-system": user "lister" is not allowed to',
  )
})

test('a pod is no namespace: it is refused, and nothing is looked at', async () => {
  const requests = await requestsOf(demo, async () => {
    const { code, lines } = await cleanup(admin, 'staging/web-77aa')
    expect([code, lines[1]]).toEqual([2, 'kcap:   hint: kcap cleanup -n staging --dry-run'])
  })
  expect(requests).toEqual([])
})
