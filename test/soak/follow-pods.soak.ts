import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { afterThisFile } from '../support/cleanups.ts'
import { openDemoFixture } from '../support/demo.ts'
import { bareEnvironment, programPath } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { makeChurningPods, namespace } from './churning-pods.ts'
import { measureGrowth } from './growth.ts'
import { type ProcessSample, sampleProcess } from './process-sample.ts'
import { makeStreamCheck } from './stream-check.ts'

const minutes = Number(process.env.KCAP_SOAK_MINUTES ?? 5)
const podCount = 50
const packetsPerSecond = 100
/** Pods that nothing happens to: of them every packet is expected. */
const calmPods = 10
const churnMs = 3_000
/** The last pod that was cut off must be back when the capture is stopped, or it would count as lost. */
const calmEndSeconds = 10
const sampleMs = 5_000
const warmUpShare = 0.2
const ring = { megabytes: 20, files: 6 }
/**
 * Limits of growth from the first quarter after the warm-up to the last. In a process of 150 MiB the collector varies by more within
 * minutes than a leak adds, and the first ten minutes are all warm-up.
 */
const limits = { residentMib: minutes < 10 ? 25 : 15, residentMibPerTenMinutes: 5, descriptors: 4, threads: 0 }

interface Summary {
  readonly event: string
  readonly packets: number
  readonly sources: readonly {
    readonly name: string
    readonly packets: number
    readonly captured?: number
    readonly dropped?: number
    readonly gaps: number
  }[]
}

test(
  `${podCount} pods that come, go, restart and are cut off, followed into a ring of files for ${minutes} minutes`,
  async () => {
    const seed = 'soak'
    const { cluster, kubeconfig } = await openDemoFixture({ packetsPerSecond, seed })
    const pods = makeChurningPods(cluster, podCount, calmPods)
    const folder = await makeTempFolder()
    const words = [
      '-n',
      namespace,
      '-l',
      'app=soak',
      '--max-pods',
      '100',
      '--json',
      '-o',
      path.join(folder, 's.pcapng'),
    ]
    const rotation = ['--rotate-size', `${ring.megabytes}MB`, '--rotate-files', String(ring.files)]
    const child = spawn(process.execPath, [programPath, ...words, ...rotation], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...bareEnvironment, KUBECONFIG: await kubeconfig() },
    })
    afterThisFile.add(() => child.kill('SIGKILL'))
    const said = followLines(child.stderr)
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    const check = makeStreamCheck({ seed, packetsPerSecond, pods: pods.pods })
    const files = followFiles(folder, check.readFile)
    const samples: ProcessSample[] = []

    const startMs = Date.now()
    const elapsedSeconds = () => (Date.now() - startMs) / 1000
    console.log('| minute | packets checked | resident MiB | descriptors | threads | churned |')
    console.log('|---|---|---|---|---|---|')
    for (let step = 1, minute = 0; elapsedSeconds() < minutes * 60; step++) {
      await sleep(Math.max(0, startMs + step * 1_000 - Date.now()))
      if (child.exitCode !== null) break
      if ((step * 1_000) % churnMs === 0 && elapsedSeconds() < minutes * 60 - calmEndSeconds) pods.churn()
      if ((step * 1_000) % sampleMs === 0) samples.push(sampleProcess(child.pid ?? 0, elapsedSeconds()))
      files.readFinished()
      const last = samples.at(-1)
      if (last === undefined || elapsedSeconds() < (minute + 1) * 60) continue
      const { replaced, restarted, cut } = pods.counts
      console.log(
        `| ${++minute} | ${countPackets(check.seen)} | ${last.residentMib.toFixed(1)} | ${last.descriptors} | ${last.threads} | ${replaced + restarted + cut} |`,
      )
    }
    child.kill('SIGINT')
    expect([await ended, said.errors]).toEqual([0, []])
    files.readAll()

    const steady = samples.filter(({ atSeconds }) => atSeconds >= minutes * 60 * warmUpShare)
    const growthOf = (figure: Exclude<keyof ProcessSample, 'atSeconds'>) =>
      measureGrowth(steady.map((sample) => ({ atSeconds: sample.atSeconds, value: sample[figure] })))
    const [resident, descriptors, threads] = [growthOf('residentMib'), growthOf('descriptors'), growthOf('threads')]
    const summary = said.summary() as Summary
    const gaps = summary.sources.reduce((sum, source) => sum + source.gaps, 0)
    console.log(
      `\n${summary.packets} packets of ${summary.sources.length} pods, ${gaps} gaps told; ${JSON.stringify(pods.counts)}; resident ${resident.firstQuarter.toFixed(1)} → ${resident.lastQuarter.toFixed(1)} MiB (${resident.perTenMinutes.toFixed(1)} per 10 min), descriptors ${descriptors.firstQuarter} → ${descriptors.lastQuarter}, threads ${threads.firstQuarter} → ${threads.lastQuarter}\n`,
    )

    // Every packet of the summary is in a file; those of a pod follow each other without a gap except for the reported ones.
    expect(countPackets(check.seen)).toBe(summary.packets)
    for (const { name, packets, gaps } of summary.sources)
      if (packets > 0) expect([name, check.seen.get(name)?.beginnings]).toEqual([name, gaps + 1])
    for (const name of pods.calm) {
      const source = summary.sources.find((source) => source.name === name)
      expect(source).toMatchObject({ name, packets: source?.captured, dropped: 0, gaps: 0 })
      expect(source?.packets).toBeGreaterThan(minutes * 60 * packetsPerSecond * 0.8)
    }
    expect(files.paths().length).toBe(ring.files)
    for (const file of files.paths()) expectTsharkReads(file)

    // What the collector breathes within minutes moves one of them; a leak moves both.
    const isGrowing =
      resident.lastQuarter > resident.firstQuarter + limits.residentMib &&
      resident.perTenMinutes > limits.residentMibPerTenMinutes
    expect([isGrowing, resident]).toEqual([false, resident])
    expect(descriptors.lastQuarter).toBeLessThanOrEqual(descriptors.firstQuarter + limits.descriptors)
    expect(threads.lastQuarter).toBeLessThanOrEqual(threads.firstQuarter + limits.threads)
    expect(Math.max(...samples.map(({ children }) => children))).toBe(0)
  },
  minutes * 60_000 + 120_000,
)

function countPackets(seen: ReadonlyMap<string, { readonly packets: number }>): number {
  return [...seen.values()].reduce((sum, { packets }) => sum + packets, 0)
}

/** Reads the lines of `--json`: the summary at the end, and errors before it. */
function followLines(stderr: NodeJS.ReadableStream) {
  let rest = ''
  let summary: unknown
  const errors: string[] = []
  stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('{"event":"summary"')) summary = JSON.parse(line)
      else if (!/^\{"event":"(progress|note)"/.test(line)) errors.push(line)
    }
  })
  return { errors, summary: () => summary }
}

/** Reads each file of the ring once, in order: all but the newest are finished. */
function followFiles(folder: string, read: (bytes: Buffer) => void) {
  const done = new Set<string>()
  const names = () => readdirSync(folder).sort()
  const readSome = (some: readonly string[]) => {
    for (const name of some.filter((name) => !done.has(name))) {
      done.add(name)
      read(readFileSync(path.join(folder, name)))
    }
  }
  return {
    readFinished: () => readSome(names().slice(0, -1)),
    readAll: () => readSome(names()),
    paths: () => names().map((name) => path.join(folder, name)),
  }
}

function expectTsharkReads(file: string): void {
  const { error, status, stderr } = spawnSync('tshark', ['-r', file, '-q', '-z', 'io,stat,0'], { encoding: 'utf8' })
  if (error === undefined) expect([file, status, stderr.replace(/^Running as user.*\n/, '')]).toEqual([file, 0, ''])
}
