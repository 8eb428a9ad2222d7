import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { expectRefusal, makeDemoUser } from '../support/demo-user.ts'
import { makeFakeKubectl } from '../support/fake-kubectl.ts'
import { openHome, openServer } from '../support/ssh-fixture.ts'
import { makeKeyPair } from '../support/ssh-server.ts'

const demo = await openDemoFixture()
// The host is this machine, which may have neither of them.
const { folder } = await makeFakeKubectl(demo.folder)
await writeFile(path.join(folder, 'nsenter'), '#!/bin/sh\nexit 1\n')
await chmod(path.join(folder, 'nsenter'), 0o755)
vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)

/** A host that lets `ann` in, and the options that lead there. */
async function openHost(): Promise<string[]> {
  const pair = makeKeyPair()
  const server = await openServer({ users: { ann: { keys: [pair.public] } } })
  const home = openHome(server.knownHosts)
  home.write('id_ed25519', pair.private)
  const login = ['--ssh-user', 'ann', '--ssh-port', String(server.port), '--ssh-config', home.configPath]
  return ['--ssh-host', '127.0.0.1', ...login]
}

test("a host that is not the pod's node is 'pod-not-on-node'", async () => {
  const user = await makeDemoUser(demo, undefined, { PATH: process.env.PATH ?? '' })
  const { code, lines } = await user.capture('prod/orders-6c9f', ...(await openHost()))
  expect(code).toBe(3)
  expectRefusal(
    lines,
    'cannot capture "prod/orders-6c9f": no process of it is on that node',
    'is it the node of the pod? kubectl get pod -o wide',
    'hidepid on /proc hides it from all but root: --ssh-user root',
  )
})

test('--via ssh without a host names the node', async () => {
  const { code, lines } = await (await makeDemoUser(demo)).capture('prod/orders-6c9f', '--via', 'ssh')
  expect(code).toBe(2)
  expect(lines.join('\n')).toMatch(/^kcap: error: cannot .*ssh/)
  expect(lines.join('\n')).toMatch(/--ssh-host \S+ --ssh-user root/)
})
