import { readdirSync, readFileSync, statSync } from 'node:fs'
import { rm, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { findCacheProcesses, waitForCacheProcesses } from '../support/cache-processes.ts'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { runKcap } from '../support/run-kcap.ts'
import { tokenizeAnswer } from './tokenize-sentence.ts'

let demo: DemoFixture
let kubeconfig: string
let cache: string
let count = 0
beforeAll(async () => {
  demo = await openDemoFixture()
})
beforeEach(async () => {
  kubeconfig = await demo.kubeconfig()
  cache = path.join(demo.folder, `cache-${count++}`)
})

// A refresh would write into a folder that is gone.
afterEach(async () => {
  for (const id of findCacheProcesses(cache)) {
    try {
      process.kill(Number(id), 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
  await waitForCacheProcesses(cache)
})

async function list(environment: Record<string, string> = {}) {
  const startedMs = Date.now()
  const before = demo.cluster.requests.length
  const { code, stdout, stderr } = await runKcap(['--extcap-interfaces', '--extcap-version=4.4'], {
    KUBECONFIG: kubeconfig,
    XDG_CACHE_HOME: cache,
    ...environment,
  })
  expect([code, stderr]).toEqual([0, ''])
  const interfaces = tokenizeAnswer(stdout.toString()).filter(({ word }) => word === 'interface')
  return {
    text: stdout.toString(),
    displays: interfaces.map(({ parameters }) => parameters.get('display') ?? ''),
    requests: demo.cluster.requests.length - before,
    tookMs: Date.now() - startedMs,
  }
}

/** The first list of a cache, with pods: it waits 0.6 s for clusters, which on a busy machine may not be enough. */
async function listFirst(environment: Record<string, string> = {}) {
  for (let attempt = 1; ; attempt++) {
    const first = await list(environment)
    // Behind its back services and workloads are asked for.
    await waitForCacheProcesses(cache)
    if (attempt === 10 || first.displays.some((display) => display.startsWith('kcap: prod/'))) return first
    await rm(cache, { recursive: true })
  }
}

/** A list with the requests of the refresh that it starts where clusters are late, as on a busy machine. */
async function listWithRefresh(environment: Record<string, string> = {}) {
  const before = demo.cluster.requests.length
  const listing = await list(environment)
  await waitForCacheProcesses(cache)
  return { ...listing, requests: demo.cluster.requests.length - before }
}

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))

describe('a second extcap list shortly after the first', () => {
  test('equals the first, from the cache, without a request', async () => {
    const first = await listFirst()
    const second = await list()
    expect(second.text).toBe(first.text)
    expect([first.requests > 0, second.requests]).toEqual([true, 0])
  })

  test('asks the clusters again when the cache is older, or has a time in the future', async () => {
    await listFirst()
    const file = path.join(cache, 'kcap', 'answers', 'list')
    const text = readFileSync(file, 'utf8')
    for (const shiftMs of [-11_000, 60_000]) {
      const shifted = text.replace(
        /^(kcap \S+ \d+ )(\d+)/,
        (_all, start, takenMs) => `${start}${Number(takenMs) + shiftMs}`,
      )
      await waitForCacheProcesses(cache)
      await writeFile(file, shifted, { mode: 0o600 })
      expect((await listWithRefresh()).requests).toBeGreaterThan(0)
    }
  })

  test('asks the clusters again after a change of the kubeconfig or config, so that no old context appears as current', async () => {
    await list()
    await writeFile(kubeconfig, demo.cluster.kubeconfig({ context: 'renamed' }))
    const renamed = await list()
    expect(renamed.displays).toContain('kcap: cluster renamed')
    const config = path.join(demo.folder, 'config.yaml')
    await writeFile(config, 'list: { namespaces: [staging] }\n')
    const staging = await list({ KCAP_CONFIG: config })
    expect(staging.displays.filter((display) => display.includes('prod/'))).toEqual([])
    await utimes(config, 1, 1)
    expect((await listWithRefresh({ KCAP_CONFIG: config })).requests).toBeGreaterThan(0)
  })

  test('asks the cluster again after a capture found no such pod', async () => {
    const first = await listFirst()
    const gone = { KUBECONFIG: kubeconfig, XDG_CACHE_HOME: cache }
    const words = ['--capture', '--extcap-interface', 'kcap-kcap-demo.prod.gone', '--fifo', path.join(cache, 'out')]
    const { code, stderr } = await runKcap(words, gone)
    expect([code, stderr]).toEqual([3, expect.stringContaining('press F5 to refresh the interface list')])
    const second = await listWithRefresh()
    expect(second.requests).toBeGreaterThan(0)
    expect(second.text).toBe(first.text)
  })

  test('treats a torn or edited cache as absent', async () => {
    const { text } = await listFirst()
    const file = path.join(cache, 'kcap', 'answers', 'list')
    const good = readFileSync(file, 'utf8')
    for (const bad of ['', good.slice(0, -9), good.replace('orders', '0rders'), good.replace(/^kcap \S+/, 'kcap 99')]) {
      await waitForCacheProcesses(cache)
      await writeFile(file, bad, { mode: 0o600 })
      const again = await listWithRefresh()
      expect(again.text).toBe(text)
      expect(again.requests).toBeGreaterThan(0)
    }
  })
})

test("the list's cache keeps names only, for this user alone", async () => {
  await listFirst()
  // From Node 22 on, compiled code is kept there, too.
  const files = filesIn(cache).filter((file) => !file.includes('compile'))
  expect(files.map((file) => path.relative(cache, file))).toHaveLength(3)
  for (const file of files) {
    expect(statSync(file).mode & 0o777, file).toBe(0o600)
    expect(readFileSync(file, 'utf8')).not.toContain(demo.cluster.token)
  }
})

describe('a cluster that has stopped answering', () => {
  test('keeps its last list', async () => {
    const before = await listFirst()
    await rm(path.join(cache, 'kcap', 'answers', 'list'))
    await demo.cluster.misbehave({ connections: 'refused' })
    const after = await list()
    await demo.cluster.misbehave({})
    expect(after.text).toBe(before.text)
  })

  test('is listed by its name if it never answered', async () => {
    await demo.cluster.misbehave({ connections: 'refused' })
    const { displays } = await list()
    await demo.cluster.misbehave({})
    expect(displays).toEqual(['kcap: cluster kcap-demo', 'kcap: SSH host', 'kcap: shared capture', 'kcap: demo'])
  })
})

describe('a slow login', () => {
  async function useSlowLogin(script: string) {
    const plugin = path.join(demo.folder, `login-${count}`)
    await writeFile(plugin, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const exec = `exec: { apiVersion: client.authentication.k8s.io/v1, command: ${plugin}, interactiveMode: IfAvailable }`
    await writeFile(kubeconfig, readFileSync(kubeconfig, 'utf8').replace(/^( *)token: .*$/m, `$1${exec}`))
  }

  test('does not delay the list, which shows the pods next time', async () => {
    await useSlowLogin(
      `sleep 2; echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"${demo.cluster.token}"}}'`,
    )
    const first = await list()
    expect(first.displays).toEqual(['kcap: cluster kcap-demo', 'kcap: SSH host', 'kcap: shared capture', 'kcap: demo'])
    await waitForCacheProcesses(cache)
    const second = await list()
    expect(second.displays).toContain('kcap: prod/orders-6c9f')
    expect(filesIn(cache).filter((file) => /lock|\/\./.test(file.slice(cache.length)))).toEqual([])
  })

  test('that ignores a stop has ended when the list is complete, and never sees a terminal', async () => {
    const seen = path.join(demo.folder, 'seen')
    await useSlowLogin(
      `trap '' TERM\necho "$KUBERNETES_EXEC_INFO" >'${seen}'\n(echo tty </dev/tty >>'${seen}') 2>/dev/null\nsleep 30 & wait; sleep 30`,
    )
    await list()
    // The refresh that has begun may take its 20 s; what the list itself had started would be nobody's child now.
    const isOrphan = (id: string) => {
      try {
        const parent = readFileSync(`/proc/${id}/stat`, 'utf8').split(' ')[3]
        return parent === '1' && !readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('--kcap-refresh')
      } catch {
        return false
      }
    }
    // What was killed goes when it has its turn.
    await vi.waitFor(() => expect(findCacheProcesses(cache).filter(isOrphan)).toEqual([]), { timeout: 10_000 })
    expect(readFileSync(seen, 'utf8')).toContain('"interactive":false')
    expect(readFileSync(seen, 'utf8')).not.toContain('tty\n')
  })
})

test('a cluster with more pods than the list holds names in its own entry where the others are', async () => {
  const config = path.join(demo.folder, 'few.yaml')
  await writeFile(config, 'list: { maxPods: 3 }\n')
  const { displays } = await listFirst({ KCAP_CONFIG: config })
  expect(displays.filter((display) => display.startsWith('kcap: prod/')).length).toBe(3)
  expect(displays).toContain('kcap: cluster kcap-demo (its options reach all pods)')
})

test('the last captured targets are in a list that cannot have all pods', async () => {
  const config = path.join(demo.folder, 'few-and-recent.yaml')
  await writeFile(config, 'list: { maxPods: 3 }\n')
  const environment = { KCAP_CONFIG: config, KUBECONFIG: kubeconfig, XDG_CACHE_HOME: cache }
  const fifo = path.join(demo.folder, 'recent.pcapng')
  for (const name of ['deploy_web', 'web-77aa'])
    await runKcap(
      ['--capture', '--extcap-interface', `kcap-kcap-demo.staging.${name}`, '--fifo', fifo, '--force', '--count', '1'],
      environment,
    )
  const expectRecent = async () => {
    const { displays } = await listWithRefresh({ KCAP_CONFIG: config })
    expect(displays.slice(0, 2)).toEqual(['kcap: staging/web-77aa', 'kcap: staging/deploy/web (1 pod)'])
  }
  await vi.waitFor(expectRecent, { timeout: 20_000, interval: 200 })
})

test('hosts of the config have interfaces of their own', async () => {
  const config = path.join(demo.folder, 'hosts.yaml')
  await writeFile(config, 'sshHosts: [bastion, root@10.0.0.10, bastion]\n')
  const { displays } = await list({ KCAP_CONFIG: config })
  expect(displays.slice(-5)).toEqual([
    'kcap: SSH host',
    'kcap: SSH bastion',
    'kcap: SSH root@10.0.0.10',
    'kcap: shared capture',
    'kcap: demo',
  ])
})

test('a broken config or kubeconfig removes only the entries that it would have named', async () => {
  const config = path.join(demo.folder, 'broken.yaml')
  await writeFile(config, 'list: [')
  expect((await listFirst({ KCAP_CONFIG: config })).displays).toContain('kcap: prod/orders-6c9f')
  await writeFile(kubeconfig, '{')
  expect((await list()).displays).toEqual(['kcap: SSH host', 'kcap: shared capture', 'kcap: demo'])
})
