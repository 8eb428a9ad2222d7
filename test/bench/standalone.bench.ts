import { execFileSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildPackages, unpack } from '../real/built-packages.ts'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { compare, measure } from './measure.ts'
import { writeResults } from './write-results.ts'

/** Compares the package with its own Node with the one that npm installs for the Node of this machine. */
const rounds = 15
const table: string[] = []
let standalone: string
let cache: string
let cluster: DemoFixture
let installed: string
beforeAll(async () => {
  const folder = await makeTempFolder()
  cluster = await openDemoFixture()
  cache = path.join(folder, 'cache')
  buildPackages(folder, 'linux-x64')
  standalone = unpack(folder, folder)
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { encoding: 'utf8' })
  const prefix = path.join(folder, 'npm')
  const options = ['--no-audit', '--no-fund', '--offline', '--prefix', prefix]
  execFileSync('npm', ['install', '-g', ...options, path.join(folder, packed.trim())])
  installed = path.join(prefix, 'bin')
})
afterAll(() => writeResults('Start of the package with Node inside', ['what', 'package', 'npm', 'ratio'], table))

test.each([
  ['kcap', '--version', 'nothing to do'],
  ['kcap', '--help', 'nothing to do'],
  ['kcap-extcap', '--extcap-dlts', 'nothing to do'],
  ['kcap-extcap', '--extcap-interfaces', 'no cluster'],
  ['kcap-extcap', '--extcap-interfaces', 'a cluster'],
])('%s %s: %s', async (program, word, what) => {
  const KUBECONFIG = what === 'a cluster' ? await cluster.kubeconfig() : '/dev/null'
  const run = (folder: string) => async () => {
    const environment = { KUBECONFIG, XDG_CACHE_HOME: cache }
    // Else it would answer what it answered just before.
    await rm(path.join(cache, 'kcap/answers'), { recursive: true, force: true })
    const argv = [path.join(folder, program), word, ...(word === '--extcap-dlts' ? ['--extcap-interface=kcapssh'] : [])]
    return await measure(argv, { environment })
  }
  const result = await compare(rounds, run(standalone), run(installed))
  const row = `| ${program} ${word}, ${what}: wallMs | ${result.of(0, 'wallMs').toFixed(1)} | ${result.of(1, 'wallMs').toFixed(1)} | ${result.ratio('wallMs').toFixed(2)} |`
  table.push(row)
  console.log(row)
  expect(result.ratio('wallMs')).toBeGreaterThan(0)
})
