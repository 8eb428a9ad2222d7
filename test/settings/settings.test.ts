import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadSettings } from '../../src/settings/load-settings.ts'
import { parseSettings } from '../../src/settings/parse-settings.ts'
import { defaultSettings } from '../../src/settings/settings.ts'
import { failureOf } from '../support/failure.ts'
import { runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()
const file = path.join(folder, 'config.yaml')

async function load(text: string) {
  writeFileSync(file, text)
  return await loadSettings({ KCAP_CONFIG: file })
}

test('everything has its default without a config file, or with an empty one', async () => {
  const empty = path.join(folder, 'none')
  expect(await loadSettings({ HOME: empty })).toEqual(defaultSettings(path.join(empty, '.config/kcap/config.yaml')))
  for (const text of ['', '# nothing\n', '~\n', '{}\n']) expect(await load(text)).toEqual(defaultSettings(file))
})

test('settings of the config file apply, and the rest has its default', async () => {
  const text = `
list:
  contexts: [prod, 'staging-*']
  selector: app=orders
sshHosts:
  - bastion
  - root@10.0.0.10:2222
nodeSsh:
  host: "{node}.corp"
  port: 2222
  identityFiles: [~/.ssh/nodes]
  sudo: sudo
path: [/opt/tools/bin]
kubeconfig: /etc/kube/work
defaultTarget: svc/orders
profiles:
  orders: svc/orders -n  prod
  dns: [web, --filter, 'port 53']
consent: [ephemeral]
debug:
  image: registry.example/tools:1
  pullPolicy: IfNotPresent
  pullSecret: registry-login
  privileged: true
`
  expect(await load(text)).toEqual({
    file,
    list: { contexts: ['prod', 'staging-*'], namespaces: undefined, selector: 'app=orders', maxPods: 100 },
    sshHosts: ['bastion', 'root@10.0.0.10:2222'],
    nodeSsh: {
      kind: 'ssh',
      host: '{node}.corp',
      user: undefined,
      port: 2222,
      identityFiles: ['~/.ssh/nodes'],
      jumpHost: undefined,
      sudo: 'sudo',
    },
    path: ['/opt/tools/bin'],
    kubeconfig: '/etc/kube/work',
    defaultTarget: 'svc/orders',
    profiles: new Map([
      ['orders', ['svc/orders', '-n', 'prod']],
      ['dns', ['web', '--filter', 'port 53']],
    ]),
    consent: ['ephemeral'],
    debug: {
      image: 'registry.example/tools:1',
      pullPolicy: 'IfNotPresent',
      pullSecret: 'registry-login',
      namespace: undefined,
      privileged: true,
    },
  })
})

describe("a wrong key or value is 'config-broken', exit code 2, and names its line", () => {
  test.each([
    ['list:\n  contxts: [a]\n', 'line 2: there is no key "contxts"', 'keys there: contexts'],
    ['\nfrob: 1\n', 'line 2: there is no key "frob"', 'keys there: list, sshHosts, nodeSsh, consent, debug'],
    [
      'nodeSsh:\n  host: nodes\n',
      'line 2: "host" must have {node} or {address} in it, which stands for each node',
      file,
    ],
    ['nodeSsh:\n  sudo: yes\n', 'line 2: "sudo" must be one of none, sudo, doas', file],
    ['consent: [exec]\n', 'line 1: each of "consent" must be one of ephemeral, node-pod', file],
    ['consent: ephemeral\n', 'line 1: "consent" must be a list, such as [ephemeral]', file],
    ['debug:\n  pullPolicy: Sometimes\n', 'line 2: "pullPolicy" must be one of Always, IfNotPresent, Never', file],
    ['debug:\n  privileged: 3\n', 'line 2: "privileged" must be true or false', file],
    ['list:\n  contexts: prod\n', 'line 2: "contexts" must be a list, such as [a, b]', file],
    ['list:\n  maxPods: -1\n', 'line 2: "maxPods" must be a whole number from 0 to 20000', file],
    ['list:\n  maxPods: many\n', 'line 2: "maxPods" must be a whole number from 0 to 20000', file],
    ['list:\n  namespaces:\n    - a\n    - [b]\n', 'line 4: each of "namespaces" must be a text', file],
    ['list: 3\n', 'line 1: "list" must be a list of keys and values', file],
    ['- a\n', 'line 1: the file must be a list of keys and values', file],
    ['list:\n  contexts: [a\n', 'line 3: Flow sequence in block collection must', file],
  ])('the config file %j', async (text, state, hint) => {
    const error = await failureOf(load(text))
    expect([error.code, error.exitCode]).toEqual(['config-broken', 2])
    expect(error.message.startsWith(`cannot use the config file "${file}": ${state}`), error.message).toBe(true)
    expect(error.hints.join('\n')).toContain(hint)
  })

  test('an absent config file that was named, or a folder in its place, is an error', async () => {
    const missing = await failureOf(loadSettings({ KCAP_CONFIG: path.join(folder, 'gone') }))
    expect(missing.message).toBe(`cannot use the config file "${folder}/gone": no such file`)
    expect(missing.hints).toContain('unset KCAP_CONFIG')
    mkdirSync(path.join(folder, 'dir'))
    const isFolder = await failureOf(loadSettings({ KCAP_CONFIG: path.join(folder, 'dir') }))
    expect(isFolder.message).toBe(`cannot use the config file "${folder}/dir": is a directory`)
  })
})

test('kcap config init writes a file that explains itself and changes nothing, and kcap config show prints the settings', async () => {
  const written = path.join(folder, 'new', 'config.yaml')
  const kcap = async (...argv: string[]) => {
    const { code, stdout, stderr } = await runKcap(['config', ...argv], { KCAP_CONFIG: written })
    return { code, stdout: stdout.toString(), stderr }
  }
  expect(await kcap('path')).toEqual({ code: 0, stdout: `${written}\n`, stderr: '' })
  expect(await kcap('init')).toEqual({ code: 0, stdout: `wrote ${written}\n`, stderr: '' })
  const again = await kcap('init')
  expect([again.code, again.stderr]).toEqual([
    7,
    expect.stringContaining(`cannot write the config file "${written}": file exists`),
  ])
  expect(JSON.parse((await kcap('show')).stdout)).toEqual(JSON.parse(JSON.stringify(defaultSettings(written))))
})

test('a config file that is nested too deeply is refused', () => {
  expect(() => parseSettings('config.yaml', '['.repeat(20_000))).toThrow(
    expect.objectContaining({ code: 'config-broken' }),
  )
})
