import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { toKcapError } from '../../src/base/kcap-error.ts'
import { version } from '../../src/base/version.ts'
import { commands } from '../../src/request/command-table.ts'
import { openDemoFixture } from '../support/demo.ts'
import { runCliHere } from '../support/run-cli-here.ts'
import { runKcap } from '../support/run-kcap.ts'

const demo = await openDemoFixture({
  users: [
    {
      name: 'prod-only',
      rights: [{ namespaces: ['prod'], verbs: ['get', 'list'], resources: ['pods', 'services'] }],
    },
  ],
})
const kubeconfig = await demo.kubeconfig()

async function kcap(...argv: string[]) {
  const { code, stdout, stderr } = await runKcap(argv, { KUBECONFIG: kubeconfig })
  return { code, stdout: stdout.toString(), stderr }
}
/** Runs a command without a process of its own, where no other test starts one. */
const kcapHere = async (...argv: string[]) => await runCliHere(argv, { KUBECONFIG: kubeconfig })

describe('help', () => {
  test.each([['--help'], ['-h'], ['help'], ['prod/orders', '--help']])(
    '%s explains how to capture, and every exit code',
    async (...argv) => {
      const { code, stdout, stderr } = await kcapHere(...argv)
      expect([code, stderr]).toEqual([0, ''])
      for (const text of ['kcap NAMESPACE/POD', 'kcap demo', '-o, -w, --output FILE|-', '--port', 'Exit codes: 0 done'])
        expect(stdout).toContain(text)
      expect(stdout.split('\n').filter((line) => line.length > 120)).toEqual([])
    },
  )

  test.each([...commands])('of %s is its own', async (command) => {
    const { code, stdout } = await kcapHere(command, '--help')
    expect(code).toBe(0)
    expect(stdout.startsWith(`kcap ${command} `)).toBe(true)
    expect(await kcapHere('help', command)).toMatchObject({ code: 0, stdout })
  })

  test('is what the program says', async () => {
    expect(await kcap('help')).toEqual(await kcapHere('help'))
    expect(await kcap('list', '--help')).toEqual(await kcapHere('list', '--help'))
  })

  test('--version is one line', async () => {
    expect(await kcap('--version')).toEqual({ code: 0, stdout: `kcap ${version}\n`, stderr: '' })
    const { stdout } = await kcap('--version', '-v')
    const rest = `Node ${process.version}, ${process.platform}-${process.arch}`
    expect(stdout).toMatch(new RegExp(`^kcap ${version} \\(commit (?:[0-9a-f]{12}|unknown)\\), ${rest}\n$`))
  })
})

describe('list', () => {
  const readTable = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((row) => row.split(/ {2,}/))

  test("pods as a table, of the context's namespace", async () => {
    const { code, stdout, stderr } = await kcap('list')
    expect([code, stderr]).toEqual([0, ''])
    const [head, ...rows] = readTable(stdout)
    expect(head).toEqual(['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE'])
    expect(rows.map((row) => row.slice(0, 3))).toContainEqual(['orders-6c9f', '2/2', 'Running'])
    expect(stdout).not.toMatch(/staging/)
  })

  test('-A: of all namespaces, -o wide: with their addresses, nodes and containers', async () => {
    const [head = [], ...rows] = readTable((await kcapHere('list', 'po', '-A', '-o', 'wide')).stdout)
    expect([head[0], head[1], head.at(-1)]).toEqual(['NAMESPACE', 'NAME', 'CONTAINERS'])
    expect(head).toEqual(expect.arrayContaining(['IP', 'NODE']))
    expect(new Set(rows.map(([namespace]) => namespace)).size).toBeGreaterThan(1)
  })

  test('--no-headers leaves out the names of the columns', async () => {
    const { stdout } = await kcapHere('list', 'pods', '-n', 'prod', '--no-headers')
    expect(stdout).toMatch(/^\S+ +1\/1 +Running/)
  })

  test('options stand before the command, too', async () => {
    const after = await kcapHere('list', 'pods', '-n', 'staging', '-o', 'name')
    expect(await kcapHere('-n', 'staging', '--output=name', 'list', 'pods')).toEqual(after)
    expect(after.stdout).toMatch(/^staging\//)
  })

  test('where there is nothing, that is said, and the exit code is 0', async () => {
    const none = { code: 0, stdout: '', stderr: 'No resources found in prod namespace.\n' }
    expect(await kcapHere('list', 'pods', '-n', 'prod', '-l', 'app=none')).toMatchObject(none)
    expect(await kcapHere('list', 'pods', '-n', 'prod', '-l', 'app=none', '-o', 'yaml')).toMatchObject({
      code: 0,
      stdout: '[]\n',
      stderr: '',
    })
  })

  test('containers', async () => {
    const [head, ...rows] = readTable((await kcapHere('list', 'containers', '-n', 'prod')).stdout)
    expect(head).toEqual(['POD', 'NAME', 'KIND', 'STATUS', 'RESTARTS'])
    expect(rows.filter(([pod]) => pod === 'orders-6c9f').length).toBeGreaterThan(0)
  })

  test('pods of a namespace by names that can be captured as they stand', async () => {
    const { stdout } = await kcapHere('list', 'pods', '-n', 'prod', '-o', 'name')
    const names = stdout.trim().split('\n')
    expect(names).toContain('prod/orders-6c9f')
    expect(names.filter((name) => !name.startsWith('prod/'))).toEqual([])
  })

  test('pods as JSON', async () => {
    const rows = JSON.parse((await kcapHere('list', 'pods', '-o', 'json')).stdout) as unknown[]
    const pod = { namespace: 'prod', name: 'orders-6c9f', ready: '2/2', status: 'Running', restarts: '0' }
    expect(rows).toContainEqual(expect.objectContaining({ ...pod, containers: expect.any(Array) }))
  })

  test('YAML is what JSON is', async () => {
    const read = async (form: string) => (await kcapHere('list', 'svc', '-A', '-o', form)).stdout
    expect(parse(await read('yaml'))).toEqual(JSON.parse(await read('json')))
  })

  test.each([
    ['namespaces', 'prod'],
    ['services', 'svc/orders'],
    ['deploy', 'deploy/orders'],
    ['nodes', 'node/demo-node-1'],
    ['contexts', 'kcap-demo'],
  ])('%s by name', async (what, name) => {
    const { code, stdout } = await kcapHere('list', what, '-o', 'name')
    expect(code).toBe(0)
    expect(stdout.split('\n')).toContain(name)
  })

  test('nodes', async () => {
    expect((await kcapHere('list', 'nodes', '-o', 'name')).stdout.trim().split('\n').length).toBeGreaterThan(0)
  })

  test('contexts with the current one marked', async () => {
    const { stdout } = await kcapHere('list', 'contexts')
    expect(stdout).toMatch(/^NAME +CURRENT +CLUSTER +NAMESPACE\nkcap-demo +\* +kcap-demo +prod\n$/)
  })

  test('interfaces of a pod', async () => {
    const { code, stdout } = await kcap('list', 'interfaces', 'prod/orders-6c9f', '-o', 'name')
    expect(code).toBe(0)
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['eth0', 'lo', 'any']))
  })

  test('a login that may see its own namespace only gets that', async () => {
    const own = await demo.kubeconfig('prod-only')
    const { code, stdout, stderr } = await runCliHere(['list', 'pods', '-o', 'name'], { KUBECONFIG: own })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('prod/orders-6c9f\n')
  })

  test('a name that would upset the terminal is shown escaped', async () => {
    const file = path.join(demo.folder, 'hostile')
    await writeFile(file, demo.cluster.kubeconfig({ context: '\u001b[31mred\u202e' }))
    const { stdout } = await runCliHere(['list', 'contexts', '-o', 'name'], { KUBECONFIG: file })
    expect(stdout).toBe('\\x1b[31mred\\u{202e}\n')
  })
})

describe("wrong usage is 'usage', with exit code 2 and a line to type", () => {
  test.each([
    [['--frob', 'prod/orders-6c9f'], 'cannot use "--frob": there is no such option', 'kcap --help'],
    [['--prot', 'tcp', 'prod/orders-6c9f'], 'cannot use "--prot": there is no such option', '--protocol'],
    [['list', 'frob'], 'cannot list "frob": kcap does not list it', 'kcap list --help'],
    [['list', 'servces'], 'cannot list "servces": kcap does not list it', 'kcap list services'],
    [['list', 'pods', 'web'], 'cannot run "kcap list" with "web": it takes no such word', 'kcap list --help'],
    [['install', 'it'], 'cannot run "kcap install" with "it": it takes no such word', 'kcap install --help'],
    [['completion', 'bash', 'zsh'], 'cannot run "kcap completion" with "zsh"', 'kcap completion --help'],
    [['config', 'show', 'x'], 'cannot run "kcap config" with "x"', 'kcap config --help'],
    [['-n', 'prod', 'lsit'], 'cannot run "lsit": there is no such command', 'kcap list -n prod'],
    [
      ['list', '-o', 'csv'],
      'cannot use -o "csv": must be one of: table, wide, json, yaml, name',
      'kcap list pods -o name',
    ],
    [
      ['completion', 'tcsh'],
      'cannot print a completion script for "tcsh": must be one of: bash, zsh, fish',
      'a pod of that name: kcap pod/completion',
    ],
    [['doctor', 'ssh://h'], 'cannot examine this', 'kcap doctor NAMESPACE/POD'],
    [['config', 'frob'], 'cannot run "kcap config frob": must be one of: path, show, init', 'kcap config show'],
    [['a/b/c'], 'cannot capture "a/b/c": it is no target', 'kcap NAMESPACE/POD'],
    [['prod/x', '--wireshark', '-o', 'f'], 'cannot use --wireshark together with --output', '-o FILE'],
    [
      ['prod/x', '--duration', '0'],
      'cannot use --duration "0": a time is a number of seconds, or 90s, 1m30s, 2h, 2d',
      '--duration 1m30s',
    ],
    [['prod/x', '--count', '-1'], 'cannot use --count "-1": it is a whole number', 'kcap --help'],
    [['prod/x', '--duration', '-1'], 'cannot use --duration "-1": a time is a number of seconds', '--duration 90s'],
    [['completion'], 'cannot print a completion script: no shell is named', 'kcap completion fish'],
    [['lsit', 'pods'], 'cannot run "lsit": there is no such command', 'kcap list pods'],
    [['isntall'], 'cannot run "isntall": there is no such command', 'a pod of that name: kcap pod/isntall'],
    [
      ['-l', 'app==,'],
      'cannot use --selector "app==,": found "", expected a label after ","',
      "--selector 'tier in (web,api),!canary'",
    ],
    [['list', 'pods', '-l', '=x'], 'cannot use --selector "=x": found "="', '--selector app=orders'],
    [['prod/x', '--upload-tcpdump', '/no'], 'cannot upload "/no": no such file', '--upload-tcpdump FILE'],
    [
      ['prod/x', '--max-size', 'much'],
      'cannot use --max-size "much": a size is a number of bytes, or 10k, 100MB, 2GB, 64KiB, 10Mi',
      '--max-size 10Mi',
    ],
    [
      ['prod/x', '--snaplen', '999999'],
      'cannot use --snaplen "999999": it is a whole number from 0 to 262144',
      'kcap --help',
    ],
    [['prod/x', '--port', 'http/tcp'], 'cannot filter by port "http/tcp"', '--port https,8080'],
    [
      ['prod/x', '--filter', 'tcp) or (udp'],
      'cannot use the capture filter "tcp) or (udp": can\'t parse filter expression: syntax error',
      'man 7 pcap-filter',
    ],
    [
      ['demo', '--filter', 'not port 22 and not vlan'],
      'cannot use the capture filter "not port 22 and not vlan": no VLAN support for Linux cooked v2',
      '--iface eth0',
    ],
    [
      ['demo', '--filter', 'byte 0 & 1', '--iface', 'eth0'],
      'cannot use the capture filter: it is not supported by the demo, which takes host, net, port,',
      'the pods of a real cluster take it',
    ],
    [['prod/x', '--protocol', 'arp'], 'cannot use --protocol "arp": must be one of:', 'kcap --help'],
    [['prod/x', '--format', 'cap'], 'cannot use --format "cap": must be one of: pcap, pcapng', 'kcap --help'],
    [['prod/x', '--iface=a b'], 'cannot use --iface "a b": it can be no name of an interface', '--iface any'],
    [['prod/x', '-o'], 'cannot use --output: it needs a value', '--output FILE|-'],
    [['--pod', 'x', '--via', 'ssh'], 'cannot capture a pod via ssh', '--ssh-host NODE --ssh-user root'],
    [['--ssh-host', 'a b'], 'cannot use --ssh-host "a b": it is no host name or address', '--ssh-host 10.0.0.10'],
    [
      ['--ssh-host', 'h', '--ssh-port', '0'],
      'cannot use --ssh-port "0": it is a whole number from 1 to 65535',
      'kcap --help',
    ],
    [
      ['--ssh-host', 'h', '--jump-host', 'a b'],
      'cannot use --jump-host "a b": it is [USER@]HOST[:PORT]',
      '--jump-host admin@',
    ],
    [['demo', '--rate', '0'], 'cannot use --rate "0": it is a whole number from 1 to 1000000', 'kcap --help'],
  ])('%j', async (argv, message, hint) => {
    const { code, stdout, stderr } = await kcapHere(...argv)
    expect([code, stdout], stderr).toEqual([2, ''])
    expect(stderr.startsWith(`kcap: error: ${message}`), stderr).toBe(true)
    expect(stderr).toContain(`kcap:   hint: `)
    expect(stderr).toContain(hint)
  })
})

test("a capture without a target is 'no-target', with a hint how to name one", async () => {
  const { code, stderr } = await kcap()
  expect(code).toBe(2)
  expect(stderr).toBe(`kcap: error: cannot capture: no target is named
kcap:   hint: a pod: kcap NAMESPACE/POD
kcap:   hint: a service: kcap svc/SERVICE -n NAMESPACE
kcap:   hint: a host: kcap ssh://USER@HOST
kcap:   hint: nothing at hand: kcap demo
kcap:   hint: kcap list pods -A
`)
})

test("an unexpected error is 'internal', and says that it is a fault of kcap", () => {
  const error = toKcapError(new TypeError('x is not a function'))
  expect([error.code, error.exitCode, error.message]).toEqual(['internal', 1, 'unexpected error: x is not a function'])
  expect(error.hints).toEqual(['this is a fault in kcap; run again with --verbose and report what it prints'])
  expect(toKcapError(error)).toBe(error)
})

test('--verbose shows where an error comes from', async () => {
  expect((await kcap('prod/orders-gone', '-v')).stderr).toMatch(/KcapError: .*\n +at /)
  expect((await kcap('prod/orders-gone')).stderr).not.toContain(' at ')
})
