import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { hasScript } from '../support/has-program.ts'
import { findProgram, type Step, typeOnTerminal } from '../support/type-on-terminal.ts'

const ownPods = [{ verbs: ['get', 'list', 'create'], resources: ['pods', 'pods/exec'], namespaces: ['prod'] }]
const users = [
  { name: 'dev', rights: ownPods },
  { name: 'blind', rights: [{ verbs: ['get'], resources: ['pods'] }] },
]
const demo = await openDemoFixture({ packetsPerSecond: 500, users })
const kubeconfig = await demo.kubeconfig()
const second = '- name: second\n  context: {cluster: kcap-demo, user: kcap-demo, namespace: staging}\n'
await writeFile(kubeconfig, readFileSync(kubeconfig, 'utf8').replace('contexts:\n', `contexts:\n${second}`))

/** The list is complete. */
const listed = /(\d+) of \1[\r\x1b]/
const [tab, enter, down, esc, ctrlC, ctrlD] = ['\t', '\r', '\x1b[B', '\x1b', '\x03', '\x04']

let count = 0
/** Starts kcap without a target. Returns how it ended, and the words that the capture says repeat it. */
async function pick(steps: readonly Step[], argv: readonly string[] = [], config = kubeconfig) {
  const file = path.join(demo.folder, `picked-${++count}.pcapng`)
  const words = [...argv, '--no-names', '--count', '20', '-o', file]
  const { code, shown } = await typeOnTerminal(words, { KUBECONFIG: config }, steps)
  const text = existsSync(file) ? readFileSync(file, 'latin1') : undefined
  const repeat = /to repeat: kcap ([\x20-\x7e]*)/
    .exec(text ?? '')?.[1]
    ?.replace(` --no-names --count 20 -o ${file}`, '')
  return { code, shown, repeat }
}

test.skipIf(!hasScript).each([
  ['Esc', esc],
  ['Esc after a word', `orders${esc}`],
  ['Ctrl-D', ctrlD],
  ['Enter where nothing matches', `nothing-of-that-name${enter}`],
])('%s in the picker chooses nothing, and kcap captures nothing', async (_, keys) => {
  const { code, shown, repeat } = await pick([[listed, keys]])
  expect([code, shown]).toEqual([2, expect.stringContaining('cannot capture: no target was chosen')])
  expect(shown).toContain('hint: kcap NAMESPACE/POD')
  expect(repeat).toBe(undefined)
})

test.skipIf(!hasScript).each([
  ['Ctrl-C', ctrlC, 130],
  ['SIGTERM', (terminal: ChildProcess) => void process.kill(findProgram(terminal), 'SIGTERM'), 143],
])('%s at the picker ends the program without an error, and shows the cursor again', async (_, act, exitCode) => {
  const { code, shown, repeat } = await pick([[listed, act]])
  expect([code, repeat]).toEqual([exitCode, undefined])
  expect(shown).not.toContain('error')
  expect(shown.lastIndexOf('\x1b[?25h')).toBeGreaterThan(shown.lastIndexOf('\x1b[?25l'))
})

test.skipIf(!hasScript).each([
  ['a pod', `orders-6c9f${enter}`, 'prod/orders-6c9f'],
  ['a pod, by words in any order', `x2x7 prod${enter}`, 'prod/orders-x2x7'],
  ['several pods', `pod prod orders${tab}${down}${tab}${enter}`, 'prod/orders-6c9f prod/orders-x2x7'],
  ['what is marked, whatever is highlighted', `web-5f8c${tab}\x15db-0${enter}`, 'prod/web-5f8c'],
  ['a service', `svc staging orders${enter}`, 'svc/orders -n staging'],
  ['a service and a pod of its namespace', `svc/web prod${tab}\x15db-0${tab}${enter}`, 'svc/web prod/db-0 -n prod'],
  ['a workload', `deploy/pay${enter}`, 'deploy/payments -n prod'],
  ['a container', `6c9f proxy${enter}`, 'prod/orders-6c9f -c proxy'],
])('the picker turns %s into the words of a command line', async (_, keys, words) => {
  const { code, repeat } = await pick([[listed, keys]])
  expect([code, repeat]).toEqual([0, words])
})

test.skipIf(!hasScript)('the picker lists a chosen namespace, and the targets are in it', async () => {
  const steps: Step[] = [
    [listed, `namespace staging${enter}`],
    [/namespace staging\r[\s\S]*of \d+[\r\x1b]/, `svc orders${enter}`],
  ]
  expect(await pick(steps)).toMatchObject({ code: 0, repeat: 'svc/orders -n staging' })
  expect(await pick(steps, ['-n', 'prod'])).toMatchObject({ code: 0, repeat: 'svc/orders -n prod -n staging' })
})

test.skipIf(!hasScript)('the picker lists a chosen context, and the capture runs in it', async () => {
  const { code, repeat, shown } = await pick([
    [listed, `context second${enter}`],
    [/context second, all namespaces\r[\s\S]*of \d+[\r\x1b]/, `6c9f${enter}`],
  ])
  expect([code, repeat]).toEqual([0, 'prod/orders-6c9f --context second'])
  expect(shown).toContain('prod/orders-6c9f: 20 packets')
})

test.skipIf(!hasScript)('hints of a capture name the context chosen in the picker', async () => {
  const { code, shown } = await pick([
    [listed, `context second${enter}`],
    [/context second, all namespaces\r[\s\S]*of \d+[\r\x1b]/, `slim-0${enter}`],
    [/y\/N/, 'n'],
  ])
  expect([code, shown]).toEqual([6, expect.stringContaining('--ssh-host demo-node-1 --context second')])
})

test.skipIf(!hasScript).each([
  ['mailer-crash', 'CrashLoopBackOff'],
  ['importer', 'Pending'],
  ['migrate-done', 'Completed'],
  ['leaving', 'Terminating'],
])('the picker refuses the pod %s, because it is %s', async (search, state) => {
  demo.cluster.addPod({ name: 'leaving' })
  demo.cluster.updatePod('prod/leaving', ({ metadata }) => {
    metadata.deletionTimestamp = new Date().toISOString()
  })
  const { code, repeat } = await pick([
    [listed, `pod ${search}${enter}`],
    [new RegExp(`cannot be captured: ${state}`), esc],
  ])
  expect([code, repeat]).toEqual([2, undefined])
})

test.skipIf(!hasScript)(
  "the picker lists the pods of the context's namespace for a login that may list no others",
  async () => {
    const steps: Step[] = [[listed, `orders-6c9f${enter}`]]
    const { code, shown, repeat } = await pick(steps, [], await demo.kubeconfig('dev'))
    expect([code, repeat]).toEqual([0, 'prod/orders-6c9f'])
    expect(shown).toContain('context kcap-demo, namespace prod')
    expect(shown).not.toMatch(/svc |deploy |staging/)
  },
)

test.skipIf(!hasScript)('the picker reports the missing right when the login may list nothing', async () => {
  const { code, shown } = await pick([], [], await demo.kubeconfig('blind'))
  expect([code, shown]).toEqual([5, expect.stringContaining('user "blind" is not allowed to')])
})
