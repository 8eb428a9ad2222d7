import { readFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { programPath } from '../support/run-kcap.ts'
import {
  type Desktop,
  hasWireshark,
  makeWiresharkHome,
  openDesktop,
  runToEnd,
  type WiresharkHome,
  wiresharkTest,
} from './wireshark-window.ts'

const pairs = Number(process.env.KCAP_START_PAIRS ?? 2)
/** Pods of clusters whose list starts Wireshark. */
const podCounts = (process.env.KCAP_START_PODS ?? '300').split(',').map(Number)
/** Pods of the demo itself, which all lists have. */
const ownPods = 30
const startPage = 'The Wireshark Network Analyzer'

let home: WiresharkHome
let desktop: Desktop | undefined
beforeAll(async () => {
  if (!hasWireshark) return
  home = await makeWiresharkHome({ KUBECONFIG: '/nonexistent', KCAP_CONFIG: '/nonexistent' })
  expect((await runToEnd(process.execPath, [programPath, 'install'], home.environment)).code).toBe(0)
})
afterEach(async () => await desktop?.close())
afterAll(async () => await home?.close())

interface StartTimes {
  /** Time until the main window is visible. */
  readonly windowMs: number
  /** Time until it shows the traffic of the interfaces (`dumpcap -S`): by then all extcaps have answered for all interfaces. */
  readonly listMs: number
}

async function timeStart(screen: Desktop): Promise<StartTimes> {
  const startedMs = performance.now()
  const wireshark = screen.start('wireshark', [])
  const id = wireshark.pid ?? 0
  let windowMs: number | undefined
  for (const limitMs = performance.now() + 60_000; performance.now() < limitMs; await sleep(20)) {
    if (windowMs === undefined && (await screen.titles()).includes(startPage)) windowMs = performance.now() - startedMs
    const counter = readProc(id, `task/${id}/children`)
      .split(' ')
      .find((child) => /dumpcap\0-S/.test(readProc(child, 'cmdline')))
    if (windowMs === undefined || counter === undefined) continue
    const listMs = readStartMs(counter) - readStartMs(id)
    expect(await screen.titles()).toEqual([startPage])
    await screen.quit(wireshark)
    return { windowMs, listMs }
  }
  throw new Error('Wireshark does not fill its list')
}

function readProc(id: number | string, name: string): string {
  try {
    return readFileSync(`/proc/${id}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

/** Since the boot, to a hundredth of a second (proc(5), starttime). */
function readStartMs(id: number | string): number {
  return (
    Number(
      readProc(id, 'stat')
        .replace(/^.*\) /s, '')
        .split(' ')[19],
    ) * 10
  )
}

/** Times the first start of a day: kcap's cache is empty. */
async function timeColdStart(screen: Desktop): Promise<StartTimes> {
  await forgetLists()
  return await timeStart(screen)
}

async function forgetLists(): Promise<void> {
  await rm(path.join(home.environment.HOME ?? '', '.cache', 'kcap'), { recursive: true, force: true })
}

async function timeStartWithoutKcap(screen: Desktop): Promise<StartTimes> {
  return await withoutKcap(async () => await timeStart(screen))
}

async function withoutKcap<Value>(work: () => Promise<Value>): Promise<Value> {
  const launcher = path.join(home.environment.WIRESHARK_CONFIG_DIR ?? '', 'extcap', 'kcap')
  const aside = path.join(home.folder, 'kcap-aside')
  await rename(launcher, aside)
  try {
    return await work()
  } finally {
    await rename(aside, launcher)
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** Returns the time until `tshark -D` ends, which asks the same questions. */
async function timeTshark(): Promise<number> {
  const startedMs = performance.now()
  await runToEnd('tshark', ['-D'], home.environment)
  return performance.now() - startedMs
}

/** Wireshark 4.0 forks itself twice for each interface, which costs the same whatever program it starts: a list has a fixed number of them. */
for (const podCount of podCounts)
  wiresharkTest(
    `${podCount} pods in the cluster delay the main window of Wireshark by less than 1.5 s`,
    { timeout: 200_000 * pairs },
    async () => {
      const demo = await openDemoFixture({ extraPods: podCount, packetsPerSecond: 0 })
      home.environment.KUBECONFIG = await demo.kubeconfig()
      const { stdout } = await runToEnd('tshark', ['-D'], home.environment)
      const listed = stdout.match(/ \(kcap: .*\/.*\)$/gm)?.length ?? 0
      expect(listed).toBeGreaterThan(5)
      expect(listed).toBeLessThanOrEqual(ownPods + 2)

      desktop = await openDesktop(home)
      const [withKcap, without]: [StartTimes[], StartTimes[]] = [[], []]
      const [tsharkWith, tsharkWithout]: [number[], number[]] = [[], []]
      // The first of each reads Wireshark and Node from the disk, and is not counted.
      for (let pair = 0; pair <= pairs; pair++) {
        const times = [await timeColdStart(desktop), await timeStartWithoutKcap(desktop)] as const
        await forgetLists()
        const tshark = [await timeTshark(), await withoutKcap(timeTshark)] as const
        if (pair === 0) continue
        withKcap.push(times[0])
        without.push(times[1])
        tsharkWith.push(tshark[0])
        tsharkWithout.push(tshark[1])
      }
      const medianOf = (times: readonly StartTimes[], key: keyof StartTimes) => median(times.map((time) => time[key]))
      const rows = (['windowMs', 'listMs'] as const).map(
        (key) => `${key} ${Math.round(medianOf(withKcap, key))} (without kcap ${Math.round(medianOf(without, key))})`,
      )
      const tshark = `tshark -D ${Math.round(median(tsharkWith))} (${Math.round(median(tsharkWithout))})`
      console.log(`${podCount} pods, ${listed} listed: ${[...rows, tshark].join(', ')}`)
      expect(medianOf(withKcap, 'windowMs') - medianOf(without, 'windowMs')).toBeLessThan(1_500)
    },
  )
