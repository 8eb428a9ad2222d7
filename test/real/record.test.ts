import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, vi } from 'vitest'
import { afterThisFile } from '../support/cleanups.ts'
import { runKcap, startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { capinfos, expectNoCaptures, kubectl, lab, realTest, runLab, tshark } from './lab.ts'
import { findMissing } from './missing-packets.ts'
import { makeRecordImage } from './record-image.ts'
import { readSeenPackets, startWitness } from './witness.ts'

const environment = { KUBECONFIG: lab.kubeconfig }
/** The snap length by which this file's captures are known is none of a reader's options. */
const readingEnvironment = { ...environment, KCAP_SNAPLEN: undefined }
const label = 'app.kubernetes.io/name=kcap-record'
let folder: string
let image: string

beforeAll(async () => {
  folder = await makeTempFolder()
  if (lab.command === '') return
  image = await makeRecordImage(folder)
  afterThisFile.add(async () => {
    for (const kinds of ['jobs', 'sa,roles,rolebindings']) await kubectl('delete', kinds, '-A', '-l', label)
  })
}, 60_000)

/** Starts a record; returns its name. */
async function start(...argv: string[]): Promise<string> {
  const words = ['record', 'start', ...argv, '--yes', '--image', image, '--debug-pull-policy', 'Never']
  const { code, stdout, stderr } = await runKcap(words, environment)
  expect(code, stderr).toBe(0)
  return stdout.toString().trim()
}

async function stop(name: string): Promise<void> {
  const { code, stderr } = await runKcap(['record', 'stop', name], environment)
  expect([code, stderr]).toEqual([0, `kcap: the record shop/${name} is stopped and removed\n`])
}

/** Fetches a record into a file; returns what kcap printed. */
async function fetchRecord(name: string, file: string, ...argv: string[]): Promise<string> {
  const { code, stderr } = await runKcap(['record', 'fetch', name, '-o', file, ...argv], readingEnvironment)
  expect(code, stderr).toBe(0)
  return stderr
}

const findPod = async (name: string) =>
  (await kubectl('get', 'pods', '-n', 'shop', '-l', `kcap/record=${name}`, '-o', 'name')).trim()

/** Ends kcap in the container of a recorder, as a lack of memory would. */
async function killRecorder(name: string): Promise<void> {
  await kubectl('exec', '-n', 'shop', await findPod(name), '--', 'sh', '-c', 'pkill -9 -f "kcap.cjs record [r]un"')
}

/** Everything of a record that is left in the cluster and on the node. */
async function listLeftovers(): Promise<string> {
  const objects = await kubectl('get', 'jobs,pods,sa,roles,rolebindings', '-A', '-l', label, '-o', 'name')
  const files = await runLab(
    'node-exec',
    'sh',
    '-c',
    'find / -xdev -name "recording_*.pcapng" -o -name live.sock; true',
  )
  return `${objects}${files}`
}

realTest(
  'a record of a service over a rollout, a killed recorder and a kubelet restart has every packet outside of its gaps',
  async () => {
    const witness = path.join(folder, 'witness.pcap')
    const file = path.join(folder, 'fetched.pcapng')
    const name = await start('svc/orders', '-n', 'shop', '--keep', '100MB', '--filter', 'tcp port 8080')
    expect(name).toMatch(/^orders-[0-9a-f]{4}$/)
    const stopWitness = await startWitness('cni0', 'tcp port 8080', witness)
    try {
      await sleep(3_000)
      await kubectl('rollout', 'restart', '-n', 'shop', 'deploy/orders')
      await kubectl('rollout', 'status', '-n', 'shop', 'deploy/orders')
      await sleep(3_000)
      await killRecorder(name)
      await vi.waitFor(
        async () => {
          const { stdout } = await runKcap(['record', 'list', '-n', 'shop'], environment)
          expect(stdout.toString()).toMatch(new RegExp(`${name} .* 1/1 `))
        },
        { timeout: 60_000, interval: 1_000 },
      )
      await runLab('fault', 'kubelet-stop')
      await sleep(2_000)
      await runLab('fault', 'kubelet-start')
      await sleep(10_000)
    } finally {
      await stopWitness()
    }
    await fetchRecord(name, file)
    const got = await readSeenPackets(file)
    const { expected, gaps, missingElsewhere } = findMissing(got, await readSeenPackets(witness))
    expect(missingElsewhere).toEqual([])
    expect(gaps).toBeGreaterThan(0)
    expect(expected).toBeGreaterThan(200)
    expect(await tshark(file, '-Y', 'frame.comment contains "the recorder was started again"')).not.toBe('')
    await stop(name)
    await vi.waitFor(async () => expect(await listLeftovers()).toBe(''), { timeout: 60_000, interval: 1_000 })
    await expectNoCaptures()
  },
  300_000,
)

realTest(
  'the last seconds of a record are those, several can attach, and a fetch that is cut off is completed',
  async () => {
    const name = await start('svc/orders', '-n', 'shop', '--keep', '10MB')
    const files = ['one', 'two', 'all', 'last'].map((word) => path.join(folder, `${word}.pcapng`))
    const [one = '', two = '', all = '', last = ''] = files
    const readers = [one, two].map((file) =>
      startKcap(['record', 'attach', name, '-o', file, '--duration', '4'], readingEnvironment),
    )
    for (const { ended } of readers) expect((await ended).code).toBe(0)
    for (const file of [one, two]) expect(await tshark(file, '-q', '-z', 'io,phs')).toContain('http')
    const beforeMs = Date.now()
    await fetchRecord(name, last, '--last', '3')
    const times = (await tshark(last, '-T', 'fields', '-e', 'frame.time_epoch')).trim().split('\n').map(Number)
    expect(times.length).toBeGreaterThan(20)
    expect(times[0] ?? 0).toBeGreaterThan(beforeMs / 1000 - 3.5)
    await fetchRecord(name, all)
    expect(Number(/Number of packets: +(\d+)/.exec(await capinfos(all, '-M'))?.[1])).toBeGreaterThan(times.length)
    await stop(name)
  },
  120_000,
)

realTest(
  'the deadline ends a record without any kcap, and leaves neither pods, processes nor files',
  async () => {
    const name = await start('pod/loadgen', '-n', 'shop', '--for', '20')
    const uid = await kubectl('get', await findPod(name), '-n', 'shop', '-o', 'jsonpath={.metadata.uid}')
    const findFiles = `find / -xdev -path "*/pods/${uid}/*" -name "recording_*.pcapng"; true`
    await vi.waitFor(async () => expect(await runLab('node-exec', 'sh', '-c', findFiles)).not.toBe(''), {
      timeout: 10_000,
    })
    await vi.waitFor(
      async () => {
        expect(await kubectl('get', 'pods', '-A', '-l', `kcap/record=${name}`, '-o', 'name')).toBe('')
        expect(await runLab('node-exec', 'sh', '-c', findFiles)).toBe('')
      },
      { timeout: 120_000, interval: 1_000 },
    )
    await expectNoCaptures()
  },
  180_000,
)

realTest('a dry run prints objects that kubectl accepts, and creates nothing', async () => {
  const file = path.join(folder, 'objects.yaml')
  const { code, stdout } = await runKcap(['record', 'start', 'svc/orders', '-n', 'shop', '--dry-run'], environment)
  expect(code).toBe(0)
  await writeFile(file, stdout)
  expect(await readFile(file, 'utf8')).toContain('kind: Job')
  expect(await kubectl('apply', '--dry-run=server', '-f', file, '-o', 'name')).toMatch(
    /^serviceaccount\/kcap-orders-\w+\nrole.rbac.*\nrolebinding.rbac.*\njob.batch\/kcap-orders-\w+-[0-9a-f]{8}\n$/,
  )
})

realTest('without a terminal and --yes, nothing is created', async () => {
  const { code, stderr } = await runKcap(['record', 'start', 'svc/orders', '-n', 'shop', '--image', image], environment)
  expect(code).toBe(5)
  expect(stderr).toMatch(/^kcap: error: cannot record "svc\/orders": this creates jobs: allow it with --yes\n/)
})
