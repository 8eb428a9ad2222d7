import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import yaml from 'js-yaml'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { readGrantText } from '../support/read-grant.ts'
import { runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { debugImage, expectNoOwnPods, findPod, isModern, lab, realTest } from './lab.ts'

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

/** A login that has no right at all: the admin's, who acts as somebody that nobody has heard of. */
async function openStranger(name: string): Promise<string> {
  const config = yaml.load(await readFile(lab.kubeconfig, 'utf8')) as { users: { user: object }[] }
  for (const { user } of config.users) Object.assign(user, { as: name })
  const file = path.join(folder, `${name.replace(/\W/g, '-')}.yaml`)
  await writeFile(file, yaml.dump(config))
  return file
}

const applied: string[] = []
const asAdmin = (input: string, ...argv: string[]) =>
  execFileSync(lab.kubectl, ['--kubeconfig', lab.kubeconfig, ...argv, '-f', '-'], { input, stdio: 'pipe' })
afterAll(() => {
  for (const document of applied) asAdmin(document, 'delete', '--ignore-not-found')
})

function apply(document: string): void {
  applied.push(document)
  asAdmin(document, 'apply')
}

async function capture(kubeconfig: string, argv: readonly string[]) {
  const file = path.join(folder, `${Math.random()}.pcapng`)
  return await runKcap([...argv, '--kubeconfig', kubeconfig, '--duration', '2', '-o', file], {})
}

describe('a login without any right', () => {
  const rows: readonly [string, () => Promise<readonly string[]>][] = [
    ['a pod', async () => [`shop/${await findPod('orders')}`]],
    ['a service', async () => ['svc/orders', '-n', 'shop']],
    ['a workload', async () => ['deploy/orders', '-n', 'shop']],
    ['a pattern', async () => ['shop/orders-*']],
    ['all namespaces', async () => ['-A', '-l', 'app=orders']],
    ['a pod by a pod on its node', async () => ['shop/no-tcpdump', '--via', 'node-pod', '--yes', ...debugImage]],
    ...(isModern
      ? ([
          ['a pod by a debug container', async () => ['shop/no-tcpdump', '--via', 'ephemeral', '--yes', ...debugImage]],
        ] as [string, () => Promise<readonly string[]>][])
      : []),
  ]
  for (const [name, makeArgv] of rows)
    realTest(
      `captures ${name} after the printed Role is applied, and still may after it is applied again`,
      async () => {
        const kubeconfig = await openStranger(`oidc:ann ${name}`)
        const argv = await makeArgv()
        const refused = await capture(kubeconfig, argv)
        expect([refused.code, refused.stderr]).toEqual([
          5,
          expect.stringMatching(/^kcap: error: cannot \w+ .* is not allowed to$/m),
        ])
        const document = readGrantText(refused.stderr)
        apply(document)
        apply(document)
        const allowed = await capture(kubeconfig, argv)
        expect([allowed.code, allowed.stderr]).toEqual([0, expect.not.stringContaining('is not followed')])
        await expectNoOwnPods('running')
      },
      60_000,
    )
})

realTest("rights granted to one user leave other users' rights", async () => {
  const argv = ['shop/ash-only']
  const users = await Promise.all(['ann', 'bob'].map(openStranger))
  for (const kubeconfig of users) apply(readGrantText((await capture(kubeconfig, argv)).stderr))
  for (const kubeconfig of users) expect((await capture(kubeconfig, argv)).code).toBe(0)
})

realTest(
  'the Role that kcap doctor prints opens the route that it names',
  async () => {
    const kubeconfig = await openStranger('carl')
    apply(readGrantText((await capture(kubeconfig, ['shop/no-tcpdump'])).stderr))
    const argv = ['doctor', 'shop/no-tcpdump', '--kubeconfig', kubeconfig]
    const { stdout } = await runKcap(argv, {})
    const [, document = ''] = stdout.toString().split(/^# What the login lacks.*\n/m)
    const via = isModern ? 'ephemeral' : 'node-pod'
    expect(document).toContain(`:no-tcpdump:${via}"`)
    apply(document.replaceAll('"NAME"', '"carl"'))
    const allowed = await capture(kubeconfig, ['shop/no-tcpdump', '--yes', ...debugImage])
    expect([allowed.code, allowed.stderr]).toEqual([0, expect.any(String)])
  },
  60_000,
)

const modernTest = isModern ? realTest : () => {}
modernTest('a login with "get" on exec alone lacks "create", where exec needs both', async () => {
  const kubeconfig = path.join(path.dirname(lab.kubeconfig), 'get-only.yaml')
  const refused = await capture(kubeconfig, [`shop/${await findPod('orders')}`])
  expect([refused.code, refused.stderr]).toEqual([
    5,
    expect.stringMatching(
      /^kcap: error: cannot create pods\/exec in the namespace "shop": user "[^"]+" is not allowed to$/m,
    ),
  ])
})
