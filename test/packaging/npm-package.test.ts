import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { version } from '../../src/base/version.ts'
import { bareEnvironment } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string; readonly size: number }[]
}

const top = await makeTempFolder()
const prefix = path.join(top, 'prefix')
const installed = path.join(prefix, 'lib', 'node_modules', 'kcap')
// A cache and a home of its own, and nothing from the network: all that kcap needs is in the file.
const environment = { ...process.env, ...bareEnvironment, HOME: top, npm_config_cache: path.join(top, 'npm') }
const npm = (...argv: string[]) => execFileSync('npm', argv, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
const run = (name: string, ...argv: string[]) =>
  execFileSync(path.join(prefix, 'bin', name), argv, { env: environment, cwd: top }).toString()

let packed: Packed
beforeAll(() => {
  // What the setup of the tests has built, not once more under the feet of others.
  const answer = npm('pack', '--json', '--ignore-scripts', '--pack-destination', top).toString()
  packed = (JSON.parse(answer) as [Packed])[0]
  npm('install', '--global', '--offline', '--prefix', prefix, path.join(top, packed.filename))
}, 60_000)

test('the npm package has the program, its launcher and the licenses, and no development files', () => {
  const paths = packed.files.map((file) => file.path)
  expect(paths.filter((file) => !file.startsWith('dist/')).toSorted()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'installers/install.ps1',
    'installers/install.sh',
    'package.json',
  ])
  const wanted = ['kcap.cjs', 'interfaces.cjs', 'launcher.sh', 'THIRD-PARTY-LICENSES.txt', 'sbom.cdx.json']
  expect(paths).toEqual(expect.arrayContaining(wanted.map((name) => `dist/${name}`)))
  expect(paths.filter((file) => /test|\.ts$/.test(file))).toEqual([])
})

test('the npm package takes less than 4.6 MB, and its source maps less than 5.8 MB', () => {
  const isMap = ({ path: file }: { path: string }) => file.endsWith('.map')
  const sizeOf = (files: typeof packed.files) => files.reduce((sum, { size }) => sum + size, 0)
  expect(sizeOf(packed.files.filter((file) => !isMap(file)))).toBeLessThan(4.6e6)
  expect(sizeOf(packed.files.filter(isMap))).toBeLessThan(5.8e6)
})

test('a stack trace of the packaged program names files and lines of the source', () => {
  const argv = ['shop/orders', '--kubeconfig', path.join(top, 'none'), '-v', '-o', path.join(top, 'out.pcap')]
  const { stderr } = spawnSync(path.join(prefix, 'bin', 'kcap'), argv, { env: environment, encoding: 'utf8' })
  expect(stderr).toMatch(/\(src\/kube\/kubeconfig\.ts:\d+:\d+\)/)
})

test('installing the npm package installs nothing but kcap, and runs nothing', () => {
  expect(readdirSync(path.join(prefix, 'lib', 'node_modules'))).toEqual(['kcap'])
  expect(existsSync(path.join(installed, 'node_modules'))).toBe(false)
  const { scripts } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as { scripts: object }
  expect(Object.keys(scripts)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(pre|post)?install$/)]))
  const there = readdirSync(installed, { recursive: true, encoding: 'utf8', withFileTypes: true })
  expect(there.filter((entry) => entry.isFile()).length).toBe(packed.files.length)
})

test("kubectl's plugin and its completion run through npm's links", () => {
  expect(run('kubectl-kcap', '--help')).toContain('\n  kubectl kcap NAMESPACE/POD ')
  expect(run('kubectl_complete-kcap', 'list', 'dep')).toBe('deployments\n:4\n')
})

test("kcap and kcap-extcap run through npm's links, far from the checkout", () => {
  expect(run('kcap', '--version')).toBe(`kcap ${version}\n`)
  expect(run('kcap-extcap', '--extcap-interfaces', '--extcap-version=4.4')).toContain('{display=kcap: demo}')
  const folder = path.join(top, 'extcap')
  expect(run('kcap', 'install', '--folder', folder)).toContain(`kcap: installed ${folder}/kcap\n`)
  expect(readFileSync(path.join(folder, 'kcap'), 'utf8')).toContain(`program=${installed}/dist/kcap.cjs\n`)
  const file = path.join(top, 'demo.pcap')
  run('kcap', 'demo', '-o', file, '--count', '20')
  expect(statSync(file).size).toBeGreaterThan(20 * 60)
})

const addon = 'node_modules/ssh2/lib/protocol/crypto/build/Release/sshcrypto.node'
test.runIf(existsSync(addon))('kcap uses the ciphers of an ssh2 that npm has compiled next to it', () => {
  const hook = path.join(top, 'list-addons.cjs')
  writeFileSync(hook, "process.on('exit', () => console.log(process.report.getReport().sharedObjects.join('\\n')))")
  const listAddons = () => {
    // Loads ssh2, and connects to nobody.
    const argv = ['--ssh-host', '127.0.0.1', '--ssh-port', '1', '-o', path.join(top, 'none.pcap')]
    const env = { ...environment, NODE_OPTIONS: `--require=${hook}` }
    const { stdout, stderr } = spawnSync(path.join(prefix, 'bin', 'kcap'), argv, { env, encoding: 'utf8' })
    expect(stderr).toContain('refused')
    return stdout.split('\n').filter((file) => file.endsWith('.node'))
  }
  expect(listAddons()).toEqual([])
  const beside = path.join(prefix, 'lib', addon)
  cpSync(path.dirname(addon), path.dirname(beside), { recursive: true })
  expect(listAddons()).toEqual([beside])
})
