import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { commands } from '../../src/request/command-table.ts'
import { optionTable } from '../../src/request/option-table.ts'
import { openDemoFixture } from '../support/demo.ts'
import { runKcap } from '../support/run-kcap.ts'

let count = 0
const demo = await openDemoFixture({
  users: [
    {
      name: 'prod-only',
      rights: [{ namespaces: ['prod'], verbs: ['get', 'list'], resources: ['pods', 'services'] }],
    },
  ],
})
const environment = await makeEnvironment(await demo.kubeconfig())
await ask('').known('orders-6c9f')

/** A user whose cache is empty. */
async function makeEnvironment(kubeconfig: string): Promise<Record<string, string>> {
  const home = path.join(demo.folder, `home-${count++}`)
  await mkdir(path.join(home, '.ssh'), { recursive: true })
  return { KUBECONFIG: kubeconfig, HOME: home, XDG_CACHE_HOME: path.join(home, 'cache'), XDG_CONFIG_HOME: home }
}

/** Asks as fish does, with these words. */
function ask(...words: readonly string[]) {
  return askAs(environment, ...words)
}
function askAs(variables: Record<string, string>, ...words: readonly string[]) {
  const answer = async () => {
    const { code, stdout, stderr } = await runKcap(['--kcap-complete', 'fish', ...words], variables)
    expect([code, stderr]).toEqual([0, ''])
    const [kind = '', ...lines] = stdout.toString().trimEnd().split('\n')
    return { kind, values: lines.map((line) => line.split('\t')[0] ?? '') }
  }
  return {
    answer,
    values: async () => (await answer()).values,
    /** When the refresh that this begins has ended. */
    known: async (value: string) =>
      await vi.waitFor(async () => expect((await answer()).values).toContain(value), {
        timeout: 15_000,
        interval: 200,
      }),
  }
}

describe('completion of the first word', () => {
  test("offers commands, pods of the context's namespace, and targets after a slash", async () => {
    const values = await ask('').values()
    expect(values).toEqual(
      expect.arrayContaining([...commands, 'orders-6c9f', 'prod/', 'staging/', 'svc/', 'deploy/', 'ssh://']),
    )
    expect(values).not.toContain('web-77aa')
  })

  test.each([
    ['staging/', 'staging/web-77aa'],
    ['svc/', 'svc/orders'],
    ['deploy/', 'deploy/orders'],
    ['node/', 'node/demo-node-1'],
    ['pod/', 'pod/orders-6c9f'],
  ])('after %s offers %s, and no other kind', async (start, value) => {
    const values = await ask(start).values()
    expect(values).toContain(value)
    expect(values.filter((other) => !other.startsWith(start) && !commands.some((name) => name === other))).toEqual([])
  })

  test('offers pods of the named namespace, or of all with -A', async () => {
    expect(await ask('-n', 'staging', '').values()).toEqual(expect.arrayContaining(['web-77aa']))
    expect(await ask('--namespace=staging', '').values()).not.toContain('orders-6c9f')
    expect(await ask('-A', '').values()).toEqual(expect.arrayContaining(['web-77aa', 'orders-6c9f']))
  })

  test("of a command offers that command's own words", async () => {
    expect(await ask('config', '').values()).toEqual(['path', 'show', 'init'])
    expect(await ask('completion', '').values()).toEqual(['bash', 'zsh', 'fish'])
    expect(await ask('list', '').values()).toContain('interfaces')
    expect(await ask('doctor', '').values()).toContain('prod/')
    expect(await ask('list', 'pods', '').values()).toEqual([])
    expect(await ask('list', 'interfaces', 'prod/').values()).toContain('prod/orders-6c9f')
  })
})

describe('completion of options', () => {
  test('offers all options of the table and of the command', async () => {
    const values = await ask('--').values()
    expect(values).toEqual([...optionTable.map(({ name }) => `--${name}`), '--help'])
    expect(await ask('cleanup', '--').values()).toContain('--dry-run')
  })

  test('offers an option twice only if it may be repeated, and none after --', async () => {
    const values = await ask('-n', 'prod', '--port', '80', '--').values()
    expect(values).not.toContain('--namespace')
    expect(values).toContain('--port')
    expect(await ask('--', '--').values()).not.toContain('--port')
  })

  test.each(optionTable.filter(({ choices }) => choices !== undefined).map(({ name, choices }) => [name, choices]))(
    'offers the values of --%s from the table',
    async (name, choices) => expect(await ask(`--${name}`, '').values()).toEqual(choices),
  )

  test.each([
    ['--output', 'files'],
    ['-w', 'files'],
    ['--kubeconfig=', 'files'],
    ['--identity', 'files'],
  ])('offers files for %s', async (option, kind) => {
    expect((await ask(...(option.endsWith('=') ? [option] : [option, ''])).answer()).kind).toBe(kind)
  })

  test('respects a command that redefines an option', async () => {
    expect(await ask('list', '-o', '').values()).toEqual(['wide', 'json', 'yaml', 'name'])
    expect((await ask('install', '--folder', '').answer()).kind).toBe('folders')
  })

  test.each([
    ['-n', 'staging'],
    ['--pod', 'orders-6c9f'],
    ['--service', 'orders'],
    ['--workload', 'deploy/orders'],
    ['--node', 'demo-node-1'],
    ['--context', 'kcap-demo'],
  ])('offers existing names for %s: %s', async (option, value) => {
    expect(await ask(option, '').values()).toContain(value)
  })
})

describe('completion of names', () => {
  test('offers hosts of the ssh config, its includes, and the config', async () => {
    const user = await makeEnvironment(await demo.kubeconfig())
    const folder = path.join(user.HOME ?? '', '.ssh')
    const config = path.join(folder, 'config')
    await writeFile(config, `Include ${folder}/mor?\nHost bastion web-? !web-1 *\n  User root\nMatch host x\n`)
    await writeFile(path.join(folder, 'more'), 'host = "inner" outer # both\n')
    await mkdir(path.join(user.HOME ?? '', 'kcap'))
    await writeFile(path.join(user.HOME ?? '', 'kcap', 'config.yaml'), 'sshHosts: [root@10.0.0.10]\n')
    const hosts = ['inner', 'outer', 'bastion', 'root@10.0.0.10']
    expect(await askAs(user, '--ssh-config', config, '--ssh-host', '').values()).toEqual(hosts)
    expect((await askAs(user, '--ssh-config', config, 'ssh://').values()).slice(commands.length)).toEqual(
      hosts.map((host) => `ssh://${host}`),
    )
  })

  test('offers the names of the cluster of --context and --kubeconfig', async () => {
    const other = path.join(demo.folder, 'other')
    const text = demo.cluster.kubeconfig({ context: 'other context', namespace: 'staging' })
    await writeFile(other, text.replace(/^current-context.*$/m, ''))
    await ask('--kubeconfig', other, '--context', 'other context', '').known('web-77aa')
    expect(await ask('--kubeconfig', other, '').values()).not.toContain('web-77aa')
  })

  test('omits names that a terminal would obey', async () => {
    const file = path.join(demo.folder, 'hostile')
    await writeFile(file, demo.cluster.kubeconfig({ context: '\u001b[31mred\u202e' }))
    expect(await ask('--kubeconfig', file, '--context', '').values()).toEqual([])
    await writeFile(file, demo.cluster.kubeconfig({ context: 'two\nlines' }))
    expect(await ask('--kubeconfig', file, '--context', '').values()).toEqual([])
  })

  test("offers the context's namespace to a login that may see nothing else", async () => {
    const user = await makeEnvironment(await demo.kubeconfig('prod-only'))
    await askAs(user, 'svc/').known('svc/orders')
    expect(await askAs(user, '').values()).toEqual(expect.arrayContaining(['orders-6c9f', 'prod/', 'svc/']))
  })

  test('does not wait for a cluster that does not answer, and keeps its names', async () => {
    const away = await makeEnvironment(await demo.kubeconfig(undefined, { server: 'https://192.0.2.1:6443' }))
    expect(await askAs(away, '').values()).toEqual([...commands, 'ssh://'])
    expect(await askAs(away, '-n', '').values()).toEqual([])
  })

  test.each(['/nonexistent', '/dev/null'])(
    'works without a kubeconfig (%s) for everything else',
    async (KUBECONFIG) => {
      const bare = { ...(await makeEnvironment(KUBECONFIG)) }
      expect(await askAs(bare, '').values()).toEqual([...commands, 'ssh://'])
      expect(await askAs(bare, '--protocol', '').values()).toContain('tcp')
    },
  )
})
