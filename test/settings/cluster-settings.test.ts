import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { expandProfiles } from '../../src/request/apply-settings.ts'
import { makeRequest } from '../../src/request/make-request.ts'
import { parseArguments } from '../../src/request/parse-arguments.ts'
import { widenPath } from '../../src/settings/cluster-settings.ts'
import { parseSettings } from '../../src/settings/parse-settings.ts'
import { openDemoFixture } from '../support/demo.ts'
import { runKcap } from '../support/run-kcap.ts'

const demo = await openDemoFixture()
const config = path.join(demo.folder, 'config.yaml')
const plain = await demo.kubeconfig()

/** Runs kcap with a config of this text, and without KUBECONFIG. */
async function kcap(text: string, argv: readonly string[], more: Record<string, string> = {}) {
  writeFileSync(config, text)
  const { code, stdout, stderr } = await runKcap(argv, { KCAP_CONFIG: config, KUBECONFIG: '', ...more })
  return { code, stdout: stdout.toString(), stderr }
}

describe('the kubeconfig of the config file', () => {
  test('is used where KUBECONFIG names none', async () => {
    const { code, stdout } = await kcap(`kubeconfig: ${plain}\n`, ['list', 'pods', '-n', 'prod', '-o', 'name'])
    expect([code, stdout.split('\n')]).toEqual([0, expect.arrayContaining(['prod/orders-6c9f'])])
  })

  test("is in Wireshark's list", async () => {
    const text = `kubeconfig: ${plain}\n`
    const cache = { XDG_CACHE_HOME: path.join(demo.folder, 'cache') }
    expect(await kcap(text, ['--kcap-refresh'], cache)).toMatchObject({ code: 0, stderr: '' })
    const { stdout } = await kcap(text, ['--extcap-interfaces'], cache)
    expect(stdout).toContain('{display=kcap: prod/orders-6c9f}')
  })

  test('yields to KUBECONFIG and to --kubeconfig', async () => {
    const text = 'kubeconfig: /nonexistent/config\n'
    for (const [argv, variable] of [
      [['list', 'pods', '-n', 'prod'], plain],
      [['list', 'pods', '-n', 'prod', '--kubeconfig', plain], ''],
    ] as const)
      expect((await kcap(text, argv, { KUBECONFIG: variable })).code).toBe(0)
    expect((await kcap(text, ['list', 'pods'])).stderr).toContain('/nonexistent/config')
  })
})

describe('a credential plugin that is not on PATH', () => {
  let plugged: string
  let folder: string
  beforeAll(async () => {
    const token = demo.cluster.kubeconfig().match(/token: "([^"]+)"/)?.[1] ?? ''
    folder = path.join(demo.folder, 'plugins of a vendor')
    mkdirSync(folder)
    const credential = { kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status: { token } }
    const plugin = path.join(folder, 'vendor-login')
    writeFileSync(plugin, `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`)
    chmodSync(plugin, 0o755)
    plugged = path.join(demo.folder, 'plugged')
    const user =
      'exec: { apiVersion: client.authentication.k8s.io/v1, command: vendor-login, interactiveMode: IfAvailable }'
    writeFileSync(plugged, demo.cluster.kubeconfig().replace(/token: \S+/, user))
  })

  test('is found in a folder of the config', async () => {
    const argv = ['list', 'pods', '-n', 'prod', '--kubeconfig', plugged]
    const without = await kcap('', argv)
    expect([without.code, without.stderr]).toEqual([4, expect.stringContaining('there is no such program on PATH')])
    expect(await kcap(`path: ["${folder}"]\n`, argv)).toMatchObject({ code: 0, stderr: '' })
  })
})

test('folders in the path of the config follow those of PATH, each once', () => {
  const environment = { PATH: '/usr/bin:/opt/a' }
  widenPath({ path: ['/opt/a', '/opt/b'] }, environment)
  widenPath({ path: ['/opt/a', '/opt/b'] }, environment)
  expect(environment.PATH).toBe('/usr/bin:/opt/a:/opt/b')
})

describe('a profile', () => {
  const text = 'profiles:\n  orders: svc/orders -n prod\n  odd: [prod/orders-6c9f, --filter, "tcp or udp"]\n'

  test('expands to its words', () => {
    const settings = parseSettings('config.yaml', text)
    expect(expandProfiles(['@orders', '--count', '5', '@odd'], settings)).toEqual([
      'svc/orders',
      '-n',
      'prod',
      '--count',
      '5',
      'prod/orders-6c9f',
      '--filter',
      'tcp or udp',
    ])
  })

  test('captures together with further words', async () => {
    const file = path.join(demo.folder, 'profile.pcapng')
    const { code, stderr } = await kcap(text, ['@odd', '--count', '3', '-o', file], { KUBECONFIG: plain })
    expect([code, stderr]).toEqual([0, expect.stringContaining('3 packets')])
  })

  test('that does not exist is an error that names similar ones', async () => {
    const { code, stderr } = await kcap(text, ['@order'])
    expect([code, stderr]).toEqual([
      2,
      `kcap: error: cannot use "@order": the config has no profile "order"\nkcap:   hint: @orders\nkcap:   hint: "profiles" in ${config}\n`,
    ])
  })
})

test('kcap captures the default target where nobody can choose one', async () => {
  const file = path.join(demo.folder, 'default.pcapng')
  const argv = ['--count', '3', '-o', file]
  const text = 'defaultTarget: prod/orders-6c9f\n'
  expect((await kcap('', argv, { KUBECONFIG: plain })).code).toBe(2)
  expect((await kcap(text, argv, { KUBECONFIG: plain })).code).toBe(0)
  const extcap = ['--capture', '--fifo', `${file}2`, '--count', '3']
  expect((await kcap(text, extcap, { KUBECONFIG: plain })).code).toBe(0)
})

describe('a variable named after an option', () => {
  const parse = (argv: readonly string[], environment: Record<string, string>) => parseArguments(argv, { environment })

  test('sets the option where the command line does not', () => {
    const environment = { KCAP_DEBUG_IMAGE: 'tools:1', KCAP_PORT: '80,443', KCAP_PRIVILEGED: 'true', KCAP_YES: '0' }
    const parsed = parse(['--port', '8080'], environment)
    expect([parsed.text('debug-image'), parsed.list('port'), parsed.flag('privileged'), parsed.flag('yes')]).toEqual([
      'tools:1',
      ['8080'],
      true,
      false,
    ])
  })

  test('is in the line that repeats a capture, unless the capture does not use it', () => {
    const environment = { KCAP_FILTER: 'tcp port 80', KCAP_PORT: '80', KCAP_QUIET: '1', KCAP_YES: '0' }
    const parsed = parse(['prod/web-0', '--port', '8080'], environment)
    const request = makeRequest(parsed, { output: { kind: 'stdout' }, commandLine: 'kcap prod/web-0 --port 8080' })
    expect(request.commandLine).toBe("KCAP_FILTER='tcp port 80' KCAP_QUIET=1 kcap prod/web-0 --port 8080")
  })

  test('never overwrites or removes anything', () => {
    expect(parse([], { KCAP_FORCE: '1' }).flag('force')).toBe(false)
  })

  test('is validated like the option', () => {
    expect(() => parse([], { KCAP_VIA: 'magic' })).toThrow('cannot use KCAP_VIA "magic": must be one of: auto')
    expect(() => parse([], { KCAP_YES: 'perhaps' })).toThrow(
      'cannot use KCAP_YES "perhaps": must be one of: 0, 1, true, false',
    )
  })
})
