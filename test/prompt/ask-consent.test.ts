import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { quoteArgv } from '../../src/base/quote.ts'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { requestsOf } from '../support/demo-user.ts'
import { bareEnvironment, programPath } from '../support/run-kcap.ts'
import { until } from '../support/start-supervisor.ts'

let demo: DemoFixture
let kubeconfig: string
beforeAll(async () => {
  demo = await openDemoFixture({ packetsPerSecond: 500, startDelayMs: 20 })
  kubeconfig = await demo.kubeconfig()
})
const hasScript = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0

/** Runs the program on a terminal, and does something at each question that it asks there. */
async function runOnTerminal(argv: readonly string[], answer: (terminal: ChildProcess) => void) {
  const words = quoteArgv([process.execPath, programPath, ...argv])
  const env = { ...process.env, ...bareEnvironment, KUBECONFIG: kubeconfig, PATH: '/usr/bin:/bin' }
  const child = spawn('script', ['-qec', words, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  let shown = ''
  let questions = 0
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString('utf8')
    const asked = new Set(shown.match(/\S+ can be captured via \S+:/g)).size
    for (; questions < asked; questions++) answer(child)
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, questions, shown }
}
const type = (keys: string) => (terminal: ChildProcess) => void terminal.stdin?.write(keys)
/** The program under `script`, which starts it by way of a shell. */
function findProgram(terminal: ChildProcess): number {
  const children = (id: number): number[] =>
    readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  const below = (id: number): number[] => children(id).flatMap((child) => [child, ...below(child)])
  return below(terminal.pid ?? 0).at(-1) ?? 0
}
const changes = (requests: readonly string[]) => requests.filter((request) => !/^GET |reviews$/.test(request))
const capture = (pods: readonly string[], file: string) => [
  ...pods,
  '--no-names',
  '--duration',
  '1',
  '-o',
  path.join(demo.folder, file),
]

test.skipIf(!hasScript)('a person at a terminal is asked once for two pods, and a yes captures both', async () => {
  demo.cluster.addPod({ name: 'minimal-1', tools: 'no-shell' })
  const requests = await requestsOf(demo, async () => {
    const { code, questions } = await runOnTerminal(
      capture(['prod/minimal-0', 'prod/minimal-1'], 'yes.pcapng'),
      type('y'),
    )
    expect([code, questions]).toEqual([0, 1])
  })
  expect(changes(requests).sort()).toEqual([
    'PATCH /api/v1/namespaces/prod/pods/minimal-0/ephemeralcontainers',
    'PATCH /api/v1/namespaces/prod/pods/minimal-1/ephemeralcontainers',
  ])
})

test.skipIf(!hasScript)('a person who says no is asked for the next way, and nothing is created', async () => {
  demo.cluster.addPod({ name: 'minimal-2', tools: 'no-shell' })
  const requests = await requestsOf(demo, async () => {
    const { code, questions } = await runOnTerminal(capture(['prod/minimal-2'], 'no.pcapng'), type('n'))
    expect([code, questions]).toEqual([6, 2])
  })
  expect(changes(requests)).toEqual([])
})

test.skipIf(!hasScript).each([
  ['Ctrl-C', type('\x03'), 130],
  ['SIGTERM', (terminal: ChildProcess) => void process.kill(findProgram(terminal), 'SIGTERM'), 143],
])('%s at a question ends the program, and the next is not asked', async (_name, leave, exitCode) => {
  const requests = await requestsOf(demo, async () => {
    const { code, questions } = await runOnTerminal(capture(['prod/minimal-0'], 'left.pcapng'), leave)
    expect([code, questions]).toEqual([exitCode, 1])
  })
  expect(changes(requests)).toEqual([])
})

test.skipIf(!hasScript)('a terminal that goes away ends a program that waits for an answer', async () => {
  let program = 0
  await runOnTerminal(capture(['prod/minimal-0'], 'gone.pcapng'), (terminal) => {
    program = findProgram(terminal)
    terminal.kill('SIGKILL')
  })
  await until(() => !existsSync(`/proc/${program}`))
})
