import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { hasPrograms } from '../support/has-program.ts'
import { runKcap } from '../support/run-kcap.ts'
import { completingShells, openTypedShell, type TypedShell } from '../support/type-in-shell.ts'

const spaced = "blue $(touch evaluated)'s `touch evaluated`"
const cloud = 'arn:aws:eks:eu-central-1:123:cluster/shop@v1'
let demo: DemoFixture
let environment: Record<string, string>
let work: string
beforeAll(async () => {
  demo = await openDemoFixture()
  work = path.join(demo.folder, 'work')
  await mkdir(work)
  await writeFile(path.join(work, 'key $(touch evaluated).log'), '')
  const others = [spaced, cloud, 'a\u001b[31mb\nc'].map(
    (name) => `- name: ${JSON.stringify(name)}\n  context: {cluster: kcap-demo, user: kcap-demo}\n`,
  )
  const kubeconfig = path.join(demo.folder, 'several')
  await writeFile(
    kubeconfig,
    demo.cluster.kubeconfig().replace('contexts:\n', () => `contexts:\n${others.join('')}`),
  )
  await writeFile(path.join(work, 'ssh-config'), 'Host bastion b?d *.example.com\n  User root\n')
  environment = { KUBECONFIG: kubeconfig, XDG_CACHE_HOME: path.join(demo.folder, 'cache') }
  const isKnown = async () =>
    expect((await runKcap(['--kcap-complete', 'fish', 'prod/'], environment)).stdout.toString()).toContain(
      'orders-6c9f',
    )
  await vi.waitFor(isKnown, { timeout: 15_000, interval: 300 })
}, 30_000)

describe.each(completingShells)('completion in %s', (shell) => {
  // `script` is the terminal.
  const isThere = hasPrograms(shell, 'script') || process.env.KCAP_REQUIRE_REAL === '1'
  let terminal: TypedShell | undefined
  beforeAll(async () => {
    if (isThere) terminal = await openTypedShell(shell, work, environment)
  }, 30_000)
  afterAll(async () => await terminal?.close())

  test.skipIf(!isThere).each([
    ['an option', 'kcap --proto\t', ['--protocol']],
    ['a value of few', 'kcap --protocol sc\t', ['--protocol', 'sctp']],
    ['a value after =', 'kcap --protocol=sc\t', ['--protocol=sctp']],
    ['what only a command has', 'kcap list -o js\t', ['list', '-o', 'json']],
    ["a pod's name after its namespace", 'kcap prod/orders-6\t', ['prod/orders-6c9f']],
    ['a pod of the own namespace, and what follows', 'kcap orders-6\t--no-na\t', ['orders-6c9f', '--no-names']],
    ['a pod of another namespace', 'kcap -n staging --pod we\t', ['-n', 'staging', '--pod', 'web-77aa']],
    ['a service', 'kcap svc/ord\t', ['svc/orders']],
    ['a namespace, which goes on', 'kcap stagi\tweb\t', ['staging/web-77aa']],
    [
      'an alias of an ssh config',
      'kcap --ssh-config ssh-config --ssh-host bas\t',
      ['--ssh-config', 'ssh-config', '--ssh-host', 'bastion'],
    ],
    ['a name with a colon and an @', 'kcap --context arn:aws\t', ['--context', cloud]],
    ['such a name after =', 'kcap --context=arn:aws\t', [`--context=${cloud}`]],
    ['a name full of what shells evaluate is one word', 'kcap --context blu\t', ['--context', spaced]],
    ['such a name after =', 'kcap --context=blu\t', [`--context=${spaced}`]],
    ['a name in quotes that are open', "kcap --context 'arn:aws\t", ['--context', cloud]],
    ['a file', 'kcap --keylog key\t', ['--keylog', 'key $(touch evaluated).log']],
    ['a file after =', 'kcap --keylog=key\t', ['--keylog=key $(touch evaluated).log']],
  ] as const)('%s: %j', async (_what, keys, words) => {
    expect(await terminal?.type(keys)).toEqual(words)
    expect(existsSync(path.join(work, 'evaluated'))).toBe(false)
  })
})
