import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installLauncher } from '../../src/install/install-launcher.ts'
import { lab } from '../real/lab.ts'
import { openDemoFixture } from '../support/demo.ts'
import { programPath } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { compare, measure } from './measure.ts'
import { findSshdump } from './sshdump.ts'
import { writeResults } from './write-results.ts'

/** Compares what Wireshark waits for at its start with its own sshdump, bare Node, and kubectl. */
const sshdump = findSshdump()
const pods = 10_000
const table: string[] = []
let folder: string
let launcher: string
let environment: Record<string, string>
beforeAll(async () => {
  const demo = await openDemoFixture({ extraPods: pods, packetsPerSecond: 0 })
  folder = await makeTempFolder()
  ;({ file: launcher } = await installLauncher(folder, { node: process.execPath, script: programPath }))
  const config = path.join(folder, 'config.yaml')
  writeFileSync(config, `list: { maxPods: ${pods + 1_000} }\n`)
  environment = {
    KUBECONFIG: await demo.kubeconfig(),
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    XDG_CONFIG_HOME: path.join(folder, 'none'),
  }
})
afterAll(() => writeResults("Wireshark's questions", ['what', 'kcap', 'the other', 'ratio'], table))

function addRow(what: string, ours: number, theirs: number, ratio = ours / theirs): void {
  const row = `| ${what} | ${ours.toFixed(1)} | ${theirs.toFixed(1)} | ${ratio.toFixed(2)} |`
  table.push(row)
  console.log(row)
}

/** Medians in milliseconds, as hyperfine has them; both in one run of it. */
function time(ours: string, theirs: string, runs: number): [number, number] {
  const file = path.join(folder, 'hyperfine.json')
  const argv = ['-N', '--warmup', '5', '--runs', String(runs), '--export-json', file, ours, theirs]
  execFileSync('hyperfine', argv, { env: { ...process.env, ...environment }, stdio: 'ignore' })
  const { results } = JSON.parse(readFileSync(file, 'utf8')) as { results: { median: number }[] }
  const [own = { median: Number.NaN }, other = { median: Number.NaN }] = results
  return [own.median * 1000, other.median * 1000]
}

test('questions about an interface, compared with sshdump', () => {
  execFileSync(launcher, ['--extcap-interfaces'], { env: { ...process.env, ...environment } })
  for (const [what, value] of [
    ['pod', 'kcap-kcap-demo.prod.orders-6c9f'],
    ['cluster', 'kcap-kcap-demo'],
    ['demo', 'kcapdemo'],
  ])
    for (const question of ['--extcap-dlts', '--extcap-config']) {
      const ours = `'${launcher}' ${question} --extcap-interface ${value}`
      addRow(`${question} of a ${what}, ms`, ...time(ours, `${sshdump} ${question} --extcap-interface sshdump`, 100))
    }
})

test('a list from a warm cache, compared with bare Node', async () => {
  // As many rounds as the cache is warm, in turn: the machine's own drift is more than what is measured.
  execFileSync(launcher, ['--extcap-interfaces'], { env: { ...process.env, ...environment } })
  const ours = async () => await measure([launcher, '--extcap-interfaces', '--extcap-version=4.0'], { environment })
  const theirs = async () => await measure([process.execPath, '-e', '0'], { environment })
  const result = await compare(20, ours, theirs)
  const more = result.difference('wallMs').toFixed(0)
  addRow(`warm list, ms (${more} more)`, result.of(0, 'wallMs'), result.of(1, 'wallMs'), result.ratio('wallMs'))
})

test('a cold list of 10,000 pods, compared with kubectl get pods -A -o name', async () => {
  const cold = (config?: string) => async () => {
    rmSync(environment.XDG_CACHE_HOME ?? '', { recursive: true, force: true })
    const own = config === undefined ? {} : { KCAP_CONFIG: config }
    return await measure([launcher, '--extcap-interfaces'], { environment: { ...environment, ...own } })
  }
  const kubectl = async () => await measure([lab.kubectl, 'get', 'pods', '-A', '-o', 'name'], { environment })
  // The time that Wireshark may be held up would cut the list short; a refresh has time for all of it.
  const refresh = async () => {
    rmSync(environment.XDG_CACHE_HOME ?? '', { recursive: true, force: true })
    execFileSync('mkdir', ['-p', path.join(environment.XDG_CACHE_HOME ?? '', 'kcap')])
    const own = { KCAP_CONFIG: path.join(folder, 'config.yaml') }
    return await measure([process.execPath, programPath, '--kcap-refresh'], { environment: { ...environment, ...own } })
  }
  for (const [what, ours] of [
    ['list of 100 of 10,000 pods', cold()],
    ['list of all 10,000 pods', refresh],
  ] as const) {
    const result = await compare(5, ours, kubectl)
    for (const figure of ['wallMs', 'cpuMs', 'peakMib'] as const)
      addRow(`${what}: ${figure}`, result.of(0, figure), result.of(1, figure), result.ratio(figure))
    expect(result.of(0, 'peakMib')).toBeGreaterThan(0)
  }
  const list = readFileSync(path.join(environment.XDG_CACHE_HOME ?? '', 'kcap', 'answers', 'list'), 'utf8')
  expect(list.match(/^interface \{value=kcap-kcap-demo\./gm)?.length).toBeGreaterThan(pods)
})
