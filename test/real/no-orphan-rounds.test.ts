import { spawn } from 'node:child_process'
import { open, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect } from 'vitest'
import { afterThisTest } from '../support/cleanups.ts'
import { programPath } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import {
  debugImage,
  deleteOwnPods,
  expectNoCaptures,
  expectNoOwnPods,
  findPod,
  hasLab,
  lab,
  listCaptures,
  realTest,
  runLab,
} from './lab.ts'

/** Number of rounds. KCAP_ORPHAN_ROUNDS=80 runs all rounds once, by hand; 100 repeats some. */
const rounds = Number(process.env.KCAP_ORPHAN_ROUNDS ?? 8)
const captureLimitMs = 30_000
/** Time limit of the process that keeps a pod on a node alive: it ends a minute after the last capture. */
const podLimitMs = 100_000

const traffic = { busy: ['-i', 'any'], silent: ['-i', 'lo', '--filter', 'tcp port 9'] } as const
const endings = ['normal', 'SIGINT', 'SIGTERM', 'SIGKILL', 'cut', 'api', 'kubelet', 'reader'] as const
type Ending = (typeof endings)[number]

let folder: string
let ways: Record<string, string[]> = {}
beforeAll(async () => {
  folder = await makeTempFolder()
  if (!hasLab) return
  const pod = `shop/${await findPod('orders')}`
  const ssh = ['--ssh-config', lab.sshConfig, '--ssh-host', 'node']
  ways = {
    'exec with tcpdump': [pod, '--via', 'exec'],
    'exec with dumpcap': ['shop/tshark-only'],
    'node-pod': [pod, '--via', 'node-pod', ...debugImage],
    ssh,
    'ssh pod': [pod, ...ssh],
  }
})
afterAll(async () => {
  if (hasLab) await deleteOwnPods()
})

async function start(words: readonly string[], ending: Ending) {
  const limits = ending === 'normal' ? ['--duration', '3'] : []
  const fifo = path.join(folder, 'fifo')
  const output =
    ending === 'reader' ? ['--capture', '--fifo', fifo] : ['-o', path.join(folder, 'out.pcapng'), '--force']
  await rm(fifo, { force: true })
  if (ending === 'reader') await makeFifo(fifo)
  // Opened for both, so that neither side waits for the other.
  const reader = ending === 'reader' ? await open(fifo, 'r+') : undefined
  const child = spawn(process.execPath, [programPath, ...output, ...words, ...limits], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, KUBECONFIG: lab.kubeconfig },
  })
  // Or a second try of the test could not write the file.
  afterThisTest.add(() => child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve))
  for (let i = 0; i < 200 && (await listCaptures()).length === 0; i++) {
    if (child.exitCode !== null) throw new Error(stderr)
    await sleep(100)
  }
  expect((await listCaptures()).length, stderr).toBe(1)
  await sleep(500)
  return { child, exited, reader, stderr: () => stderr }
}

async function makeFifo(file: string): Promise<void> {
  const child = spawn('mkfifo', [file])
  await new Promise((resolve) => child.on('close', resolve))
}

async function end(ending: Ending, { child, exited, reader }: Awaited<ReturnType<typeof start>>): Promise<void> {
  if (ending === 'normal') return void (await exited)
  if (ending === 'SIGINT' || ending === 'SIGTERM' || ending === 'SIGKILL') child.kill(ending)
  else if (ending === 'reader') await reader?.close()
  else {
    const [fault, heal] = {
      cut: ['cut-node', 'heal-node'],
      api: ['api-stop', 'api-start'],
      kubelet: ['kubelet-stop', 'kubelet-start'],
    }[ending]
    await runLab('fault', fault as string)
    // Long enough for both sides to notice.
    await sleep(ending === 'cut' ? 26_000 : 3_000)
    await runLab('fault', heal as string)
    // What did not pass there goes on, and is ended by its user.
    child.kill('SIGINT')
  }
  await exited
}

realTest(
  'a capture through any route leaves nothing running, however it ends',
  { timeout: rounds * 180_000 },
  async () => {
    const all = Object.keys(ways).flatMap((way) =>
      endings.flatMap((ending) => (['busy', 'silent'] as const).map((kind) => ({ way, ending, kind }))),
    )
    for (let round = 0; round < rounds; round++) {
      // A step that has no factor in common with their number takes each once before any twice.
      const chosen = all[(round * 37 + 11) % all.length] as (typeof all)[number]
      const { way, ending, kind } = chosen
      const capture = await start([...(ways[way] ?? []), ...traffic[kind]], ending)
      try {
        await end(ending, capture)
        const tookMs = await expectNoCaptures(captureLimitMs)
        console.log(`${round + 1}: ${way}, ${kind}, ${ending}: nothing left after ${(tookMs / 1000).toFixed(1)} s`)
      } catch (error) {
        throw new Error(`round ${round + 1}, ${way}, ${kind}, ${ending}: ${capture.stderr()}`, { cause: error })
      }
    }
    await expectNoOwnPods('running', podLimitMs)
  },
)
