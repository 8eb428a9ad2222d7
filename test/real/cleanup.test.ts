import { spawn } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect } from 'vitest'
import { programPath, runKcap } from '../support/run-kcap.ts'
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

let folder: string
let pod: string
beforeAll(async () => {
  folder = await makeTempFolder()
  if (hasLab) pod = await findPod('orders')
})
afterAll(async () => {
  if (hasLab) await deleteOwnPods()
})

const environment = { KUBECONFIG: lab.kubeconfig }

/** Settles when its capture program runs. */
async function startCapture(words: readonly string[]) {
  const child = spawn(process.execPath, [programPath, ...words, '-o', path.join(folder, 'out.pcapng'), '--force'], {
    stdio: 'ignore',
    env: { ...process.env, ...environment },
  })
  const exited = new Promise((resolve) => child.on('close', resolve))
  for (let i = 0; i < 150 && (await listCaptures()).length === 0; i++) await sleep(100)
  expect((await listCaptures()).length).toBe(1)
  return { child, exited }
}

realTest('kcap cleanup removes the pod that a killed kcap has left on a node, and keeps one in use', async () => {
  const words = [`shop/${pod}`, '--via', 'node-pod', ...debugImage]
  const { child, exited } = await startCapture(words)
  const inUse = await runKcap(['cleanup', '-n', 'shop'], environment)
  expect([inUse.code, inUse.stdout.toString()]).toEqual([
    0,
    expect.stringMatching(/^kept {5}shop\/kcap-\w+: pod on node kcap-node, Running, made by .*it may be in use/m),
  ])
  child.kill('SIGKILL')
  await exited
  const looked = await runKcap(['cleanup', '-n', 'shop', '--dry-run'], environment)
  expect(looked.stdout.toString()).toMatch(/^found {4}shop\/kcap-\w+: pod on node/m)
  const removed = await runKcap(['cleanup', '-n', 'shop'], environment)
  expect([removed.code, removed.stdout.toString()]).toEqual([
    0,
    expect.stringMatching(/^removed {2}shop\/kcap-\w+: pod/m),
  ])
  await expectNoCaptures()
  await expectNoOwnPods('all')
})

realTest('kcap cleanup ends a capture program whose supervisor was killed, and keeps a supervised one', async () => {
  const { child, exited } = await startCapture([`shop/${pod}`])
  const safe = await runKcap(['cleanup', '-n', 'shop'], environment)
  // Debug containers of earlier captures stay in the specs of their pods.
  const found = safe.stdout.toString().replace(/^kept .*: debug container, .*\n/gm, '')
  expect([safe.code, safe.stderr]).toEqual([0, ''])
  expect(found).toMatch(/^$|no leftovers of kcap/)
  expect((await listCaptures()).length).toBe(1)

  const [processId = ''] = (await listCaptures())[0]?.split('\t') ?? []
  // The supervisor and its watcher, as a container that runs out of memory would lose them.
  const script =
    'for f in /proc/[0-9]*; do case $(tr "\\0" " " <$f/cmdline 2>/dev/null) in *kcap"-"report*) kill -9 $(basename $f) ;; esac; done; true'
  await runLab('node-exec', 'bash', '-c', script)
  child.kill('SIGKILL')
  await exited
  await sleep(1_000)
  expect((await listCaptures()).map((line) => line.split('\t')[0])).toEqual([processId])
  // This tcpdump has become another user, who alone may read its tag.
  const suspect = `shop/${pod} api: tcpdump with kcap's options and no supervisor, process \\d+; .*--force ends it`
  const kept = await runKcap(['cleanup', '-n', 'shop'], environment)
  expect(kept.stdout.toString()).toMatch(new RegExp(`^kept {5}${suspect}`, 'm'))
  const ended = await runKcap(['cleanup', '-n', 'shop', '--force'], environment)
  expect([ended.code, ended.stdout.toString()]).toEqual([
    0,
    expect.stringMatching(new RegExp(`^removed {2}${suspect}`, 'm')),
  ])
  await expectNoCaptures(1_000)
})
