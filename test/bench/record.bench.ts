import { spawn } from 'node:child_process'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { jobName } from '../../src/record/record-objects.ts'
import { makeRecordedFiles } from '../support/recorded-files.ts'
import { openRecorderCluster, writeKubeconfigOf } from '../support/recorder-cluster.ts'
import { programPath } from '../support/run-kcap.ts'
import { openStorePeer, type StoredObject } from '../support/store-peer.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { median } from './measure.ts'
import { writeResults } from './write-results.ts'

// Records of a large cluster. The API server is in this process; times of a stop include its waits.

const folder = await makeTempFolder()
const table: string[] = []
afterAll(() => writeResults('Records', ['what', 'seconds', 'peak MiB', 'ratio'], table))

interface Run {
  readonly wallMs: number
  readonly peakMib: number
  readonly stdout: string
}

async function run(kubeconfig: string, ...argv: string[]): Promise<Run> {
  const startedMs = performance.now()
  const child = spawn('/usr/bin/time', ['-f', '\n%M', process.execPath, programPath, 'record', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, KUBECONFIG: kubeconfig, XDG_CACHE_HOME: '/dev/null' },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const code = await new Promise((resolve) => child.on('close', resolve))
  const wallMs = performance.now() - startedMs
  expect(code, stderr).toBe(0)
  return { wallMs, peakMib: Number(stderr.trim().split('\n').at(-1)) / 1024, stdout }
}

function addRow(what: string, { wallMs, peakMib }: Pick<Run, 'wallMs' | 'peakMib'>, ratio?: number): void {
  const line = `| ${what} | ${(wallMs / 1000).toFixed(1)} | ${peakMib.toFixed(0)} | ${ratio?.toFixed(2) ?? ''} |`
  table.push(line)
  console.log(line)
}

test('start, list and stop in a cluster of 1,000 nodes with 5,000 pods', async () => {
  const nodes = Array.from({ length: 1_000 }, (_, i) => `node-${i}`)
  const peer = await openStorePeer({
    onCreated(resource, { metadata, spec }, put) {
      if (resource !== 'jobs') return
      const { template } = spec as { template: { metadata: { labels: object } } }
      // A pod takes a moment to start.
      setTimeout(() => put('pods', makeRecorderPod(metadata.name ?? '', template.metadata.labels)), 500)
    },
  })
  peer.put('services', {
    metadata: { name: 'orders', namespace: 'shop' },
    spec: { selector: { app: 'orders' }, ports: [{ port: 80 }] },
  })
  for (let i = 0; i < 5_000; i++) peer.put('pods', makePod(i, nodes[i % nodes.length] ?? ''))
  const kubeconfig = await writeKubeconfigOf(peer.port, path.join(folder, 'large.yaml'))
  const started = await run(kubeconfig, 'start', 'svc/orders', '-n', 'shop', '--yes')
  addRow('start on 1,000 nodes with 5,000 pods', started)
  const name = started.stdout.trim()
  expect(peer.get(`jobs/shop/${jobName(name, 'node-999')}`)).toBeDefined()
  addRow('list', await run(kubeconfig, 'list'))
  addRow('stop', await run(kubeconfig, 'stop', name))
  expect(peer.names().filter((key) => !/^(services\/|pods\/shop\/orders-)/.test(key))).toEqual([])
})

test('a fetch of 100 recorders, compared with one recorder that has as much', async () => {
  const [startMs, length, count] = [Date.UTC(2026, 10, 30, 21), 900, 5_000]
  const nodes = Array.from({ length: 100 }, (_, i) => `node-${i}`)
  const made = nodes.map(async (node, i) => {
    const packets = { count, length, startMs: startMs + i, stepMs: 100, name: `shop/${node} any`, fileBytes: 500_000 }
    return [node, await makeRecordedFiles(path.join(folder, node), packets)] as const
  })
  const many = await openRecorderCluster({ folders: Object.fromEntries(await Promise.all(made)) })
  const whole = { count: count * 100, length, startMs, stepMs: 1, fileBytes: 50_000_000 }
  const one = await openRecorderCluster({ folders: { all: await makeRecordedFiles(path.join(folder, 'one'), whole) } })
  const ofMany = await many.writeKubeconfig(path.join(folder, 'many.yaml'))
  const ofOne = await one.writeKubeconfig(path.join(folder, 'one.yaml'))
  const fetch = (kubeconfig: string) =>
    run(kubeconfig, 'fetch', 'orders-7f3a', '--force', '-o', path.join(folder, 'out.pcapng'))
  await fetch(ofMany)
  const pairs: (readonly [Run, Run])[] = []
  for (let i = 0; i < 5; i++) pairs.push([await fetch(ofMany), await fetch(ofOne)])
  const figures = (side: 0 | 1) => ({
    wallMs: median(pairs.map((pair) => pair[side].wallMs)),
    peakMib: Math.max(...pairs.map((pair) => pair[side].peakMib)),
  })
  addRow('fetch of 460 MB from 100 recorders', figures(0), median(pairs.map(([a, b]) => b.wallMs / a.wallMs)))
  addRow('fetch of 460 MB from one', figures(1))
})

function makePod(i: number, nodeName: string): StoredObject {
  return {
    metadata: { name: `orders-${i}`, namespace: 'shop', labels: { app: 'orders' } },
    spec: { nodeName, containers: [{ name: 'api' }] },
    status: { phase: 'Running', containerStatuses: [{ name: 'api', ready: true, state: { running: {} } }] },
  }
}

function makeRecorderPod(job: string, labels: object): StoredObject {
  return {
    metadata: { name: `${job}-x`, namespace: 'shop', labels: { ...labels, 'job-name': job } },
    spec: { containers: [{ name: 'recorder' }] },
    status: { phase: 'Running', containerStatuses: [{ name: 'recorder', ready: true, state: { running: {} } }] },
  }
}
