import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { nameNodeHost } from '../../src/route/name-node-host.ts'
import { openDemoFixture } from '../support/demo.ts'
import { expectRefusal, makeDemoUser, writeConfig } from '../support/demo-user.ts'
import { makeFakeKubectl } from '../support/fake-kubectl.ts'
import { parseBlocks } from '../support/packets.ts'
import { openHome, openServer } from '../support/ssh-fixture.ts'
import { makeKeyPair, type SshServer } from '../support/ssh-server.ts'

const demo = await openDemoFixture()
// Every host is this machine, which may have no tcpdump.
const { folder } = await makeFakeKubectl(demo.folder)
vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)

const nodes = ['demo-node-1', 'demo-node-2'] as const
let servers: SshServer[]
let sshConfig: string[]
/** A host for each node of the demo cluster, which an ssh config knows as `NODE.lan`. */
beforeEach(async () => {
  const pair = makeKeyPair()
  servers = await Promise.all(nodes.map(() => openServer({ users: { ann: { keys: [pair.public] } } })))
  const home = openHome(
    servers.map(({ knownHosts }) => knownHosts).join(''),
    nodes.flatMap((name, i) => [`Host ${name}.lan`, '  HostName 127.0.0.1', `  Port ${servers[i]?.port}`]),
  )
  home.write('id_ed25519', pair.private)
  sshConfig = ['--ssh-config', home.configPath]
})

async function makeUser(host = '{node}.lan') {
  const config = await writeConfig(demo, `nodeSsh:\n  host: "${host}"\n  user: ann\n`)
  return await makeDemoUser(demo, undefined, { PATH: process.env.PATH ?? '', KCAP_CONFIG: config })
}

test('several nodes, each by its own host, are captured into one stream, without asking', async () => {
  const user = await makeUser()
  const targets = nodes.map((name) => `node/${name}`)
  const file = path.join(demo.folder, 'nodes.pcapng')
  const { code, lines } = await user.run(...targets, ...sshConfig, '--count', '40', '-o', file)
  expect(code, lines.join('\n')).toBe(0)
  expect(servers.map(({ commands }) => commands.length)).toEqual([1, 1])
  const names = parseBlocks(await readFile(file)).filter(({ type }) => type === 1)
  expect(names.map(({ options }) => options(8).get(2)?.[0]?.toString()).sort()).toEqual([
    'node/demo-node-1 any',
    'node/demo-node-2 any',
  ])
})

test('the flag --ssh-user overrides nodeSsh of the config', async () => {
  const { code, lines } = await (await makeUser()).capture('node/demo-node-1', ...sshConfig, '--ssh-user', 'eve')
  expect(code).toBe(5)
  expect(lines.join('\n')).toContain('hint: not via ssh: cannot log in to "ssh://eve@')
})

test('a node whose host does not answer is left to the node pod, which needs consent', async () => {
  const user = await makeUser('{node}.invalid')
  const { code, lines } = await user.capture('node/demo-node-1', ...sshConfig)
  expect(code).toBe(5)
  expect(lines[0]).toMatch(/^kcap: error: cannot capture "node\/demo-node-1": this creates a temporary pod on the node/)
  expect(lines.join('\n')).toContain(
    'hint: not via ssh: cannot reach "ssh://ann@demo-node-1.invalid": no such host name',
  )
})

test('--via ssh names the host of each pod', async () => {
  const { code, lines } = await (await makeUser()).capture('prod/orders-6c9f', '--via', 'ssh', ...sshConfig)
  // This machine has no process of it.
  expect(code).toBe(3)
  expectRefusal(lines, 'cannot capture "prod/orders-6c9f": no process of it is on that node')
  expect(servers.map(({ commands }) => commands.length)).toEqual([1, 0])
})

test('nameNodeHost fills in the name and the address of a node, and returns nothing when one is unknown', () => {
  const pattern = (host: string) => ({ nodeHost: undefined, nodeSsh: { kind: 'ssh', host, sudo: 'none' } as const })
  const node = {
    kind: 'node',
    cluster: {},
    context: 'c',
    namespace: 'n',
    node: 'a.b',
    nodeAddress: '10.0.0.1',
  } as const
  expect(nameNodeHost(node, pattern('x-{node}.{address}.{other}'))?.host).toBe('x-a.b.10.0.0.1.{other}')
  expect(nameNodeHost({ ...node, nodeAddress: undefined }, pattern('{address}'))).toBeUndefined()
  const named = { kind: 'ssh', host: 'h', sudo: 'none' } as const
  expect(nameNodeHost(node, { ...pattern('{node}'), nodeHost: named })).toBe(named)
})
