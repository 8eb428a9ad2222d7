import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { programPath } from '../support/run-kcap.ts'
import { lab, realTest } from './lab.ts'
import { makeWiresharkHome, runToEnd, type WiresharkHome, wiresharkTest } from './wireshark-window.ts'

/** Limit of the delay that kcap may cause Wireshark (spec §6), whatever a cluster does. */
const maxDelayMs = 1_600
/** Time that a list waits for clusters. */
const waitMs = 750

let home: WiresharkHome
beforeAll(async () => {
  home = await makeWiresharkHome({})
  await runToEnd(process.execPath, [programPath, 'install'], home.environment)
})
afterAll(async () => await home.close())

const runTshark = async (argv: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  await runToEnd('tshark', argv, { ...home.environment, ...environment })

/** `tshark -D` without any extcap of kcap's: what kcap's part is measured against. */
async function measureBare(): Promise<number> {
  const settings = path.join(home.folder, 'bare-settings')
  await mkdir(settings, { recursive: true })
  const times = []
  for (let i = 0; i < 3; i++) times.push((await runTshark(['-D'], { WIRESHARK_CONFIG_DIR: settings })).tookMs)
  return Math.min(...times)
}

describe('a list with clusters that are dead, black holes, foreign or slow to log in to', () => {
  let environment: NodeJS.ProcessEnv
  beforeAll(async () => {
    const config = path.join(home.folder, 'config.yaml')
    await writeFile(config, "list: { contexts: ['*'], maxPods: 100 }\n")
    // The plugin's own context is called as the kubeconfig's author has it; it takes longer than Wireshark may wait.
    environment = {
      KCAP_CONFIG: config,
      KUBECONFIG: ['multi.yaml', 'exec-plugin.yaml'].map((name) => path.join(lab.kubeconfigFolder, name)).join(':'),
      KCAP_EXEC_CRED_SLEEP: '5',
    }
  })

  realTest('delays tshark -D by 1.6 s at most', async () => {
    const bareMs = await measureBare()
    const delaysMs: number[] = []
    for (let round = 1; round <= 3; round++) {
      // Each time as if it were the first: nothing is known of any cluster.
      const cache = path.join(home.folder, `cold-${round}`)
      const { code, stdout, tookMs } = await runTshark(['-D'], { ...environment, XDG_CACHE_HOME: cache })
      console.log(`tshark -D, round ${round}: ${tookMs} ms, without kcap ${bareMs} ms`)
      expect(code).toBe(0)
      delaysMs.push(tookMs - bareMs)
      for (const context of ['dead', 'blackhole', 'badca']) expect(stdout).toContain(`(kcap: cluster ${context})`)
    }
    // Compare the fastest runs, because delays by other programs of this machine are not kcap's. Apart from its waits kcap starts
    // programs, as tshark does: where those take longer, the list may too.
    expect(Math.min(...delaysMs)).toBeLessThan(Math.max(maxDelayMs, waitMs + 2 * bareMs))
  })

  realTest('has the reachable clusters, and after a login in the background also the slow one', async () => {
    await runTshark(['-D'], environment)
    await home.lastProcesses(30_000)
    const { stdout } = await runTshark(['-D'], environment)
    expect(stdout).toMatch(/ \(kcap: shop\/orders-/)
    expect(stdout).toMatch(/ \(kcap: staging@lab: staging\/orders-/)
    expect(stdout).toMatch(/ \(kcap: (?!staging@lab)\S+: shop\/orders-/)
    expect(await home.lastProcesses(30_000)).toEqual([])
  })
})

wiresharkTest('names that a kubeconfig allows never upset a real tshark: it lists and distinguishes all', async () => {
  const { cluster } = await openDemoFixture()
  const config = path.join(home.folder, 'hostile.yaml')
  await writeFile(config, "list: { contexts: ['*'], maxPods: 2000 }\n")
  const name = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }),
    fc.string({
      unit: fc.constantFrom('{', '}', '=', ' ', '\n', '\t', '-', '_', '.', 'a', 'A', '\u202e', '😀'),
      minLength: 1,
    }),
    fc.constantFrom('--help', '}{display=x}', 'a-b', 'a_b', 'a.b', 'x'.repeat(300), '$(id)', '`id`', '%s%n'),
  )
  const names = [...new Set(fc.sample(name, { numRuns: 40, seed: 20_261_125 }))]
  const contexts = names.map((context, index) => {
    const file = path.join(home.folder, `hostile-${index}`)
    return { file, text: cluster.kubeconfig({ context }) }
  })
  for (const { file, text } of contexts) await writeFile(file, text)
  const environment = { KCAP_CONFIG: config, KUBECONFIG: contexts.map(({ file }) => file).join(':') }

  const askKcap = (word: string) =>
    runToEnd(process.execPath, [programPath, word], { ...home.environment, ...environment })
  // On a busy machine a list leaves out the pods of clusters that were late and never known.
  await askKcap('--kcap-refresh')
  const own = await askKcap('--extcap-interfaces')
  const printed = own.stdout.split('\n').filter((line) => line.startsWith('interface ')).length
  expect(printed).toBeGreaterThan(names.length)
  const { code, stdout } = await runTshark(['-D'], environment)
  expect(code).toBe(0)
  const listed = [...stdout.matchAll(/^\d+\. (kcap\S*) \(kcap: /gm)].map(([, value]) => value ?? '')
  expect(listed.length).toBe(printed)
  expect(new Set(listed.map((value) => value.replace(/[^a-z0-9]/g, '_'))).size).toBe(printed)

  const preferences = await runTshark(['-G', 'currentprefs'], environment)
  expect(preferences.code).toBe(0)
  const interfaces = new Set(
    [...preferences.stdout.matchAll(/^#?extcap\.(kcap[^.]*)\.[a-z]+:/gm)].map(([, key]) => key),
  )
  expect(interfaces.size).toBe(printed)
})

/** A thousand are run by hand: KCAP_LISTS=1000. */
const lists = Number(process.env.KCAP_LISTS ?? 120)

test('concurrent lists and refreshes leave no torn list, no file readable by others, and no process', async () => {
  const { cluster, kubeconfig, folder } = await openDemoFixture()
  const plugin = path.join(folder, 'login')
  // Later than a list waits for, so that each list that is not warm starts a refresh.
  await writeFile(
    plugin,
    `#!/bin/sh\nsleep 1.5\necho '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"${cluster.token}"}}'\n`,
    { mode: 0o755 },
  )
  const exec = `exec: { apiVersion: client.authentication.k8s.io/v1, command: ${plugin}, interactiveMode: Never }`
  const file = await kubeconfig()
  await writeFile(file, (await readFile(file, 'utf8')).replace(/^( *)token: .*$/m, `$1${exec}`))
  const cache = path.join(folder, 'cache')
  const environment = { ...home.environment, KUBECONFIG: file, XDG_CACHE_HOME: cache }
  const answers = new Map<string, number>()
  let modes = 0
  async function list(): Promise<void> {
    const { code, stdout, stderr } = await runToEnd(process.execPath, [programPath, '--extcap-interfaces'], environment)
    expect([code, stderr]).toEqual([0, ''])
    answers.set(stdout, (answers.get(stdout) ?? 0) + 1)
    for (const entry of await readdir(cache, { recursive: true, withFileTypes: true }).catch(() => [])) {
      const { mode } = await import('node:fs').then(
        ({ lstatSync }) => lstatSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false }) ?? { mode: 0 },
      )
      modes |= mode & 0o077
    }
  }
  let left = lists
  const work = async () => {
    while (left-- > 0) await list()
  }
  await Promise.all([work(), work(), work()])
  expect(modes).toBe(0)
  // The names of the cluster were not known, and then they were; nothing between.
  expect(answers.size).toBe(2)
  expect([...answers.keys()].every((text) => text.endsWith('{value=kcapdemo}{display=kcap: demo}\n'))).toBe(true)
  expect(await home.lastProcesses(30_000)).toEqual([])
  const files = await readdir(path.join(cache, 'kcap'), { recursive: true })
  expect(files.filter((name) => /lock|\/\.|^\./.test(name))).toEqual([])
}, 600_000)
