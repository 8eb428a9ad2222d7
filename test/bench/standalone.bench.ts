import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildPackages, unpack } from '../real/built-packages.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { compare, measure } from './measure.ts'
import { writeResults } from './write-results.ts'

/** The package with its own Node beside the one that npm installs for the Node of this machine. */
const rounds = 15
const table: string[] = []
let standalone: string
let installed: string
beforeAll(async () => {
  const folder = await makeTempFolder()
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
  ['kcap', '--version'],
  ['kcap', '--help'],
  ['kcap-extcap', '--extcap-interfaces'],
])('%s %s', async (program, word) => {
  const run = (folder: string) => () =>
    measure([path.join(folder, program), word], { environment: { KUBECONFIG: '/dev/null' } })
  const result = await compare(rounds, run(standalone), run(installed))
  const row = `| ${program} ${word}: wallMs | ${result.of(0, 'wallMs').toFixed(1)} | ${result.of(1, 'wallMs').toFixed(1)} | ${result.ratio('wallMs').toFixed(2)} |`
  table.push(row)
  console.log(row)
  expect(result.ratio('wallMs')).toBeGreaterThan(0)
})
