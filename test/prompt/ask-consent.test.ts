import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { requestsOf } from '../support/demo-user.ts'
import { hasScript } from '../support/has-program.ts'
import { until } from '../support/start-supervisor.ts'
import { findProgram, type Step, typeOnTerminal } from '../support/type-on-terminal.ts'

const demo = await openDemoFixture({ packetsPerSecond: 500, startDelayMs: 20 })
const kubeconfig = await demo.kubeconfig()
for (let i = 1; i < 5; i++) demo.cluster.addPod({ name: `minimal-${i}`, tools: 'no-shell' })

let count = 0
/** Captures these targets on a terminal, where `act` answers the first question. Returns what was changed in the cluster. */
async function capture(targets: readonly string[], act: Step[1]) {
  const file = path.join(demo.folder, `asked-${++count}.pcapng`)
  const words = [...targets, '--no-names', '--duration', '1', '-o', file]
  let run: Awaited<ReturnType<typeof typeOnTerminal>> | undefined
  const requests = await requestsOf(demo, async () => {
    run = await typeOnTerminal(words, { KUBECONFIG: kubeconfig }, [[/y\/N/, act]])
  })
  const shown = run?.shown ?? ''
  // A question is drawn once with its choice open.
  const questions = shown.split('(y/N)').length - 1
  return { code: run?.code, shown, questions, changes: requests.filter((one) => !/^GET |reviews$/.test(one)).sort() }
}
const five = [0, 1, 2, 3, 4].map((i) => `prod/minimal-${i}`)

test.skipIf(!hasScript)('kcap asks a person once for five pods, and a yes captures all of them', async () => {
  const { code, questions, shown, changes } = await capture(five, 'y')
  expect([code, questions]).toEqual([0, 1])
  expect(shown).toContain('? 5 targets (prod/')
  expect(changes).toEqual(
    [0, 1, 2, 3, 4].map((i) => `PATCH /api/v1/namespaces/prod/pods/minimal-${i}/ephemeralcontainers`),
  )
})

test.skipIf(!hasScript)('the question for consent does not count a pod that needs nothing created', async () => {
  const { code, shown } = await capture(['prod/orders-6c9f', 'prod/minimal-0', 'prod/slim-0'], 'y')
  expect(code).toBe(0)
  expect(shown).toContain('? 2 targets (prod/')
})

test.skipIf(!hasScript).each([
  ['n', 'n'],
  ['Enter', '\r'],
  ['Esc', '\x1b'],
])('%s at the question for consent is a no for all routes of all targets, and kcap creates nothing', async (_, key) => {
  const { code, questions, shown, changes } = await capture(['prod/minimal-0', 'prod/minimal-1'], key)
  expect([code, questions, changes]).toEqual([6, 1, []])
  expect(shown).toContain('via ephemeral, if you allow it')
})

test.skipIf(!hasScript).each([
  ['Ctrl-C', '\x03', 130],
  ['SIGTERM', (terminal: ChildProcess) => void process.kill(findProgram(terminal), 'SIGTERM'), 143],
])('%s at the question for consent ends the program', async (_, act, exitCode) => {
  const { code, questions, changes } = await capture(['prod/minimal-0'], act)
  expect([code, questions, changes]).toEqual([exitCode, 1, []])
})

test.skipIf(!hasScript)('a closed terminal ends a program that waits for an answer', async () => {
  let program = 0
  await capture(['prod/minimal-0'], (terminal) => {
    program = findProgram(terminal)
    terminal.kill('SIGKILL')
  })
  await until(() => !existsSync(`/proc/${program}`))
})
