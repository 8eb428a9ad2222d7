import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { lab } from '../real/lab.ts'
import { programPath } from '../support/run-kcap.ts'
import { prepareFastPod } from './fast-pod.ts'
import { type Measured, median } from './measure.ts'
import { writeResults } from './write-results.ts'

/** Compares a capture of 1 GB by kube exec that others read with the same capture alone, in turn. */
const rounds = 3
let folder: string
let pod = ''
let removeTcpdump: () => Promise<void>
const table: string[] = []

beforeAll(async () => {
  ;({ folder, pod, remove: removeTcpdump } = await prepareFastPod())
})
afterAll(async () => {
  await removeTcpdump()
  writeResults('Sharing', ['what', 'shared', 'alone', 'ratio'], table)
})

type Figures = Pick<Measured, 'wallMs' | 'cpuMs' | 'peakMib'> & { readonly summary: string }

/** Captures 1 GB into a file; `read` starts readers of the link, and returns a function that ends them. */
async function capture(words: readonly string[], read: (link: string) => () => void): Promise<Figures> {
  const argv = [`shop/${pod}`, '-c', 'api', '--force', '-o', path.join(folder, 'out.pcapng'), ...words]
  const startedMs = performance.now()
  const child = spawn('/usr/bin/time', ['-f', '\n%U %S %M', process.execPath, programPath, ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, KUBECONFIG: lab.kubeconfig },
  })
  let stderr = ''
  let stopReading = () => {}
  child.stderr.on('data', (chunk) => {
    const before = stderr
    stderr += chunk
    const [, link] = /sharing at (\S+)\n/.exec(stderr) ?? []
    if (link !== undefined && !before.includes('sharing at')) stopReading = read(link)
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  const wallMs = performance.now() - startedMs
  stopReading()
  expect(code).toBe(0)
  const [user = 0, system = 0, peakKb = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number)
  return { wallMs, cpuMs: (user + system) * 1000, peakMib: peakKb / 1024, summary: stderr }
}

/** Readers of somebody else: their own work is not kcap's. */
function readByWebSocket(count: number) {
  return (link: string) => {
    const url = link.replace(/^kcaps/, 'wss').replace(/#.*/, '')
    const readers = Array.from({ length: count }, () => new WebSocket(url, { rejectUnauthorized: false }))
    for (const reader of readers) reader.on('message', () => {}).on('error', () => {})
    return () => {
      for (const reader of readers) reader.terminate()
    }
  }
}

function readBySocat(count: number, stallMs = 0) {
  return (link: string) => {
    const argv = ['-u', `TCP:${new URL(link.replace('tcp:', 'http:')).host}`, 'OPEN:/dev/null']
    const readers: ChildProcess[] = Array.from({ length: count }, () => spawn('socat', argv, { stdio: 'ignore' }))
    if (stallMs > 0)
      void (async () => {
        await sleep(2_000)
        readers[0]?.kill('SIGSTOP')
        await sleep(stallMs)
        readers[0]?.kill('SIGCONT')
      })()
    return () => {
      for (const reader of readers) reader.kill('SIGKILL')
    }
  }
}

const alone = () => capture([], () => () => {})

async function addRows(what: string, readers: number, shared: () => Promise<Figures>): Promise<void> {
  await shared()
  const pairs: [Figures, Figures][] = []
  for (let i = 0; i < rounds; i++) pairs.push([await shared(), await alone()])
  const of = (side: 0 | 1, figure: 'wallMs' | 'cpuMs' | 'peakMib') => median(pairs.map((pair) => pair[side][figure]))
  const add = (figure: string, ours: number, theirs: number, ratio: number) => {
    const line = `| ${what}: ${figure} | ${ours.toFixed(1)} | ${theirs.toFixed(1)} | ${ratio.toFixed(2)} |`
    table.push(line)
    console.log(line)
  }
  add('rate', of(0, 'wallMs'), of(1, 'wallMs'), median(pairs.map(([ours, theirs]) => theirs.wallMs / ours.wallMs)))
  const cpu = pairs.map(([ours, theirs]) => (ours.cpuMs - theirs.cpuMs) / readers / theirs.cpuMs)
  add('CPU of a reader, relative to a second capture', of(0, 'cpuMs'), of(1, 'cpuMs'), median(cpu))
  add(
    'peak MiB',
    of(0, 'peakMib'),
    of(1, 'peakMib'),
    median(pairs.map(([ours, theirs]) => ours.peakMib / theirs.peakMib)),
  )
  console.log(pairs[0]?.[0].summary)
}

test('two readers by WebSocket', async () => {
  await addRows('2 readers, kcaps', 2, () => capture(['--serve'], readByWebSocket(2)))
})

test('two readers of the plain stream', async () => {
  await addRows('2 readers, tcp', 2, () => capture(['--serve', 'tcp://127.0.0.1:0'], readBySocat(2)))
})

test('two readers of the plain stream, one of them stalled', async () => {
  await addRows('2 readers, one stalled', 2, () => capture(['--serve', 'tcp://127.0.0.1:0'], readBySocat(2, 60_000)))
})
