import { readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
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

const pairs = 2
const listedPods = 300
const startPage = 'The Wireshark Network Analyzer'

let home: WiresharkHome
let desktop: Desktop | undefined
beforeAll(async () => {
  if (!hasWireshark) return
  const demo = await openDemoFixture({ extraPods: listedPods, packetsPerSecond: 0 })
  const config = path.join(demo.folder, 'config.yaml')
  await writeFile(config, `list: { maxPods: ${listedPods} }\n`)
  home = await makeWiresharkHome({ KUBECONFIG: await demo.kubeconfig(), KCAP_CONFIG: config })
  expect((await runToEnd(process.execPath, [programPath, 'install'], home.environment)).code).toBe(0)
})
afterEach(async () => await desktop?.close())
afterAll(async () => await home?.close())

interface StartTimes {
  /** Until the main window is to be seen. */
  readonly windowMs: number
  /** Until it shows the traffic of the interfaces (`dumpcap -S`): by then all extcaps have been asked about all of theirs. */
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

/** As at the first start of a day: nothing of kcap's is in its cache. */
async function timeColdStart(screen: Desktop): Promise<StartTimes> {
  await rm(path.join(home.environment.HOME ?? '', '.cache', 'kcap'), { recursive: true, force: true })
  return await timeStart(screen)
}

async function timeStartWithoutKcap(screen: Desktop): Promise<StartTimes> {
  const launcher = path.join(home.environment.WIRESHARK_CONFIG_DIR ?? '', 'extcap', 'kcap')
  const aside = path.join(home.folder, 'kcap-aside')
  await rename(launcher, aside)
  try {
    return await timeStart(screen)
  } finally {
    await rename(aside, launcher)
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/**
 * The list is another matter: Wireshark 4.0 forks itself twice for each interface, which costs the same whatever program it starts; the
 * figures are printed.
 */
wiresharkTest('300 listed pods do not delay the main window of Wireshark by 1.5 s', { timeout: 400_000 }, async () => {
  const { stdout } = await runToEnd('tshark', ['-D'], home.environment)
  expect(stdout.match(/ \(kcap: .*\/.*\)$/gm)?.length).toBe(listedPods)

  desktop = await openDesktop(home)
  const [withKcap, without]: [StartTimes[], StartTimes[]] = [[], []]
  // The first of each reads Wireshark and Node from the disk, and is not counted.
  for (let pair = 0; pair <= pairs; pair++) {
    const times = [await timeColdStart(desktop), await timeStartWithoutKcap(desktop)] as const
    if (pair === 0) continue
    withKcap.push(times[0])
    without.push(times[1])
  }
  const medianOf = (times: readonly StartTimes[], key: keyof StartTimes) => median(times.map((time) => time[key]))
  for (const key of ['windowMs', 'listMs'] as const)
    console.log(
      `${key} with ${listedPods} pods ${Math.round(medianOf(withKcap, key))}, without kcap ${Math.round(medianOf(without, key))}`,
    )
  expect(medianOf(withKcap, 'windowMs') - medianOf(without, 'windowMs')).toBeLessThan(1_500)
})
