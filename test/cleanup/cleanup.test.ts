import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ask } from '../peer/peer-client.ts'
import { type DemoUser, makeDemoUser, openDemoUsers, requestsOf } from '../support/demo-user.ts'

const labels = { 'app.kubernetes.io/managed-by': 'kcap', 'app.kubernetes.io/name': 'kcap-capture' }
const { demo, admin } = await openDemoUsers({
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

test('kcap cleanup reports that it found no leftovers, and where it looked', async () => {
  expect(await cleanup(admin)).toMatchObject({
    code: 0,
    told: ['no leftovers of kcap in the namespace "prod" (-A looks in all)'],
  })
})

describe('kcap cleanup finds the pod of a killed capture', () => {
  test('and keeps it with --dry-run, and removes it without', async () => {
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

describe("kcap cleanup, where another user's pod exists,", () => {
  test('keeps the pod while it runs, unless --force is given', async () => {
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

  test('removes the pod once it has ended', async () => {
    const place = await addNodePod('kcap-ended')
    demo.cluster.updatePod(place, ({ status }) => {
      status.phase = 'Succeeded'
    })
    const requests = await requestsOf(demo, () => cleanup(admin, '-n', 'staging'))
    expect(deletions(requests)).toEqual(['DELETE /api/v1/namespaces/staging/pods/kcap-ended'])
  })

  test('does not report a removal that the login may not make, and exits with a failure', async () => {
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

  test("ignores a pod that resembles kcap's only by its name", async () => {
    demo.cluster.addPod({ namespace: 'staging', name: 'kcap-0a1b2c3d' })
    const requests = await requestsOf(demo, () => cleanup(admin, '-n', 'staging', '--force'))
    expect(deletions(requests)).toEqual([])
    demo.cluster.removePod('staging/kcap-0a1b2c3d')
  })
})

test('kcap cleanup reports a debug container and keeps it, because nobody can remove one', async () => {
  expect((await admin.capture('staging/orders-b8d1', '--via', 'ephemeral')).code).toBe(0)
  const { code, told } = await cleanup(admin, '-n', 'staging')
  expect([code, told]).toEqual([
    0,
    [expect.stringMatching(/^kept +staging\/orders-b8d1 kcap-[0-9a-f]{8}: debug container, running, ends by itself/)],
  ])
})

test('kcap cleanup -A looks in all namespaces, and --json prints a line of JSON for each leftover', async () => {
  await addNodePod('kcap-far', 'default')
  const { stdout } = await admin.start('cleanup', '-A', '--json', '--dry-run', '--force').ended
  const lines = stdout.toString().trimEnd().split('\n')
  const found = lines.map((line) => JSON.parse(line) as { kind: string; place: string; state: string })
  expect(found).toContainEqual(expect.objectContaining({ kind: 'node-pod', place: 'default/kcap-far', state: 'found' }))
})

test('kcap cleanup names containers that it could not inspect, and its exit code reports them', async () => {
  const { code, lines } = await cleanup(await makeDemoUser(demo, 'lister'), '-n', 'kube-system')
  expect(code).toBe(1)
  expect(lines).toContain(
    'kcap: not looked into kube-system/kube-proxy-4zk7m kube-proxy: cannot get pods/exec in the namespace "kube-system": user "lister" is not allowed to',
  )
})

test('kcap cleanup refuses a pod in place of a namespace, and inspects nothing', async () => {
  const requests = await requestsOf(demo, async () => {
    const { code, lines } = await cleanup(admin, 'staging/web-77aa')
    expect([code, lines[1]]).toEqual([2, 'kcap:   hint: kcap cleanup -n staging --dry-run'])
  })
  expect(requests).toEqual([])
})
