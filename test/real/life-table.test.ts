import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, vi } from 'vitest'
import { afterThisFile } from '../support/cleanups.ts'
import { startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { expectNoCaptures, kubectl, lab, realTest, runLab } from './lab.ts'
import { findMissing } from './missing-packets.ts'
import { readSeenPackets, startWitness } from './witness.ts'

// What happens to pods, containers and the cluster while a named pod, a service and a pattern are captured at the same time.

interface Fault {
  readonly happen: (pod: string) => Promise<void>
  /** State of the named pod's capture at the end. */
  readonly named: 'goes on' | 'has ended'
}

/** Pods of the service that are not being deleted. */
const listPods = async () => {
  const template = '{range .items[*]}{.metadata.name} {.metadata.deletionTimestamp}{"\\n"}{end}'
  const lines = await kubectl('get', 'pods', '-n', 'shop', '-l', 'app=orders', '-o', `jsonpath=${template}`)
  return lines.split('\n').flatMap((line) => (line.endsWith(' ') ? [line.trim()] : []))
}
const scaleTo = async (count: number) => {
  await kubectl('scale', '-n', 'shop', 'deploy/orders', `--replicas=${count}`)
  if (count > 0) await kubectl('rollout', 'status', '-n', 'shop', 'deploy/orders')
}

const restart = async (what: 'api' | 'kubelet', awayMs: number) => {
  await runLab('fault', `${what}-stop`)
  await sleep(awayMs)
  await runLab('fault', `${what}-start`)
}

const faults: Record<string, Fault> = {
  'container kill': {
    happen: async (pod) => void (await runLab('fault', 'kill-container', pod, 'api', 'shop')),
    named: 'goes on',
  },
  'pod delete': {
    happen: async (pod) => void (await kubectl('delete', 'pod', '-n', 'shop', pod)),
    named: 'has ended',
  },
  rollout: {
    async happen() {
      await kubectl('rollout', 'restart', '-n', 'shop', 'deploy/orders')
      await kubectl('rollout', 'status', '-n', 'shop', 'deploy/orders')
    },
    named: 'has ended',
  },
  'scale to 0 and back': {
    async happen() {
      try {
        await scaleTo(0)
        await vi.waitFor(async () => expect(await listPods()).toEqual([]), { timeout: 90_000, interval: 500 })
      } finally {
        await scaleTo(2)
      }
    },
    named: 'has ended',
  },
  'API server restart': { happen: () => restart('api', 2_000), named: 'goes on' },
  'kubelet restart': { happen: () => restart('kubelet', 1_000), named: 'goes on' },
}

let folder: string
const table: string[] = []
beforeAll(async () => {
  folder = await makeTempFolder()
  afterThisFile.add(() =>
    console.log(
      [
        '\n| fault | target | exit | packets expected | received | gaps told | missing in them | missing elsewhere | events |',
        '|---|---|---|---|---|---|---|---|---|',
        ...table,
      ].join('\n'),
    ),
  )
})

/** Captures the three at once while something happens, and what the bridge sees meanwhile. */
async function captureThrough(name: string, { happen, named }: Fault) {
  const [pod = ''] = await listPods()
  const targets = { 'named pod': `shop/${pod}`, service: 'svc/orders', pattern: 'shop/orders-*' }
  const fileOf = (end: string) => path.join(folder, `${name.replaceAll(' ', '-')}-${end}`)
  const stopWitness = await startWitness('cni0', 'tcp port 8080', fileOf('witness.pcap'))
  const runs = Object.entries(targets).map(([target, word], i) => {
    const file = fileOf(`${i}.pcapng`)
    const limits = ['--filter', 'tcp port 8080', '--duration', '240', '--reconnect', '60s']
    const run = startKcap([word, '-n', 'shop', ...limits, '-o', file], { KUBECONFIG: lab.kubeconfig })
    return { target, file, run, goesOn: target !== 'named pod' || named === 'goes on' }
  })
  const endThose = (which: typeof runs) => {
    for (const { run } of which) run.child.kill('SIGINT')
  }
  let faultEndS = 0
  try {
    await sleep(4_000)
    await happen(pod)
    faultEndS = Date.now() / 1_000
    // A capture that continues must have packets again.
    await sleep(8_000)
    endThose(runs.filter(({ goesOn }) => goesOn))
    await Promise.all(runs.map(({ run }) => run.ended))
  } finally {
    endThose(runs)
    await stopWitness()
  }
  return { runs, faultEndS, passed: await readSeenPackets(fileOf('witness.pcap')) }
}

for (const [name, fault] of Object.entries(faults))
  realTest(
    `${name}: captures of a named pod, a service and a pattern survive`,
    async () => {
      const { runs, faultEndS, passed } = await captureThrough(name, fault)
      for (const { target, file, run, goesOn } of runs) {
        const { code, stderr } = await run.ended
        const events = stderr
          .split('\n')
          .filter((line) => /has (ended|gone)|joined|restarted|trying again|gone for good/.test(line))
        expect(code, `${target}: ${stderr}`).toBe(0)
        const got = await readSeenPackets(file)
        const { expected, gaps, missingInGaps, missingElsewhere } = findMissing(got, passed)
        const figures = [code, expected, got.length, gaps, missingInGaps, missingElsewhere.length, events.length]
        table.push(`| ${[name, target, ...figures].join(' | ')} |`)
        expect(got.length, target).toBeGreaterThan(20)
        expect(missingElsewhere, target).toEqual([])
        const isThereAfter = got.some(({ timeSeconds }) => timeSeconds > faultEndS)
        if (goesOn) expect({ target, isThereAfter, stderr }).toMatchObject({ target, isThereAfter: true })
        else expect(stderr).toMatch(/is gone for good$/m)
        expect(stderr).not.toMatch(/error:/)
      }
      await expectNoCaptures()
      await kubectl('rollout', 'status', '-n', 'shop', 'deploy/orders')
      await vi.waitFor(async () => expect(await listPods()).toHaveLength(2), { timeout: 90_000, interval: 500 })
    },
    300_000,
  )
