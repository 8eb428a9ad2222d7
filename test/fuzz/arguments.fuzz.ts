import fc from 'fast-check'
import { expect } from 'vitest'
import { makeRequest } from '../../src/request/make-request.ts'
import { optionTable } from '../../src/request/option-table.ts'
import { parseArguments } from '../../src/request/parse-arguments.ts'
import { parseSettings } from '../../src/settings/parse-settings.ts'
import { parseTarget } from '../../src/target/parse-target.ts'
import { fuzz, orRefusal } from './fuzz.ts'
import { damagedText, hostileText } from './hostile-text.ts'

const values = [
  'prod/orders-6c9f', 'svc/orders', 'deploy/web', 'ssh://root@10.0.0.10:22', 'node/worker-1', 'prod/orders-*', '443', '80,443',
  '8000-8010', '90s', '100MB', '0', 'any', 'a.pcapng', '-', '@orders', 'tcp', '[::1]:22', 'fe80::1%eth0', 'none', '200ms', 'forever',
] // biome-ignore format: a table of words
const names = optionTable.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])])
const value = fc.oneof(fc.constantFrom(...values), damagedText(values))
const word = fc.oneof(
  fc.constantFrom(...names),
  value,
  fc.tuple(fc.constantFrom(...names), value).map(([name, text]) => `${name}=${text}`),
  fc.tuple(fc.constantFrom('--', '--no-', '-', '--extcap-'), hostileText).map(([dashes, text]) => dashes + text),
)
const outputs = fc.constantFrom(
  { kind: 'stdout' as const },
  { kind: 'file' as const, path: 'x.pcap', overwrite: false },
  { kind: 'fifo' as const, path: '/tmp/fifo' },
)

fuzz(
  'command lines: a request of sound values, or a KcapError',
  fc.tuple(fc.array(word, { maxLength: 8 }), outputs),
  ([argv, output]) => {
    const parsed = orRefusal(() => parseArguments(argv))
    if (parsed === undefined) return
    const request = orRefusal(() => makeRequest(parsed, { output, commandLine: 'kcap' }))
    if (request === undefined) return
    const numbers = [
      request.reconnectMs,
      request.maxPods,
      request.mergeWindowMs,
      request.capture.snapLength,
      ...Object.values(request.limits),
      ...Object.values(request.rotation ?? {}),
    ].filter((number) => number !== undefined)
    for (const number of numbers) {
      expect(typeof number).toBe('number')
      expect(number).toBeGreaterThanOrEqual(0)
    }
  },
)

fuzz('targets: a name of a known kind, or a KcapError', value, (text) => {
  const ssh = { user: undefined, port: undefined, sudo: 'none' as const }
  const target = orRefusal(() => parseTarget(text, { cluster: {}, ssh }))
  if (target !== undefined) expect(['pod', 'service', 'workload', 'pods', 'node', 'ssh']).toContain(target.kind)
  if (target?.kind === 'ssh' && target.port !== undefined) expect(target.port).toBeLessThan(65_536)
})

const configs = [
  'list:\n  contexts: [prod, "staging-*"]\n  namespaces: [shop, payments]\n  selector: app=orders\n  maxPods: 100 # many\nsshHosts: [bastion, root@10.0.0.10]\n',
  'nodeSsh: { host: "{address}", user: root, port: 22, identityFiles: [~/.ssh/id], jumpHost: b, sudo: sudo }\nconsent: [ephemeral, node-pod]\n',
  'debug:\n  image: registry/x:1\n  pullPolicy: Never\n  pullSecret: s\n  namespace: kcap\n  privileged: true\n',
  '%YAML 1.1\n---\na: &a [*a, *a]\n<<: *a\n',
]
const nesting = fc
  .tuple(fc.constantFrom('[', '{a: ', '- ', 'a:\n ', '? '), fc.integer({ min: 1, max: 5_000 }))
  .map(([text, depth]) => text.repeat(depth))
fuzz(
  'config files: settings of sound values, or config-broken',
  fc.oneof({ weight: 50, arbitrary: damagedText(configs) }, { weight: 1, arbitrary: nesting }),
  (text) => {
    const settings = orRefusal(() => parseSettings('/home/x/config.yaml', text))
    if (settings === undefined) return
    expect(Number.isInteger(settings.list.maxPods)).toBe(true)
    for (const text of [...settings.sshHosts, ...(settings.list.contexts ?? [])]) expect(typeof text).toBe('string')
  },
  3_000,
)
