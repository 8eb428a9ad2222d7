import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { findNativeCiphers } from '../../../src/ssh/ssh2/native-ciphers.ts'
import { makeTempFolder } from '../../support/temp-folder.ts'

const top = await makeTempFolder()
let count = 0

/** kcap's package in a folder of its own, and compiled ciphers at a path from there. */
function install(place: string, ...parents: string[]) {
  const base = path.join(top, String(count++), ...parents)
  const dist = path.join(base, 'kcap', 'dist')
  mkdirSync(path.join(dist, 'chunks'), { recursive: true })
  const release = path.join(base, place, 'ssh2', 'lib', 'protocol', 'crypto', 'build', 'Release')
  mkdirSync(release, { recursive: true })
  const file = path.join(release, 'sshcrypto.node')
  writeFileSync(file, 'not a library', { mode: 0o644 })
  return { base, dist, file }
}

test('compiled ciphers come from the package itself, or from the ssh2 that npm installed next to it', () => {
  const own = install('kcap/node_modules')
  expect(findNativeCiphers(path.join(own.dist, 'chunks'))).toBe(own.file)
  expect(findNativeCiphers(own.dist)).toBe(own.file)
  const beside = install('.', 'lib', 'node_modules')
  expect(findNativeCiphers(beside.dist)).toBe(beside.file)
})

test.each([
  ['node_modules', []],
  ['../node_modules', ['a']],
  ['.', ['lib']],
  ['../../node_modules', ['lib', 'node_modules']],
] as const)('no compiled ciphers come from %s, in a folder above the package', (place, parents) => {
  expect(findNativeCiphers(install(place, ...parents).dist)).toBe(undefined)
})

test('kcap loads no ciphers that are links or that others may write to', () => {
  const writable = install('kcap/node_modules')
  chmodSync(path.dirname(writable.file), 0o777)
  const linked = install('kcap/node_modules')
  const modules = path.join(linked.base, 'kcap', 'node_modules')
  renameSync(modules, `${modules}-elsewhere`)
  symlinkSync(`${modules}-elsewhere`, modules)
  expect([writable, linked].map(({ dist }) => findNativeCiphers(dist))).toEqual([undefined, undefined])
  if (process.getuid?.() !== 0) return
  const foreign = install('kcap/node_modules')
  chownSync(foreign.file, 65_534, 65_534)
  expect(findNativeCiphers(foreign.dist)).toBe(undefined)
})

test('kcap loads nothing from a node_modules above the program, whatever its name', () => {
  const base = path.join(top, 'above')
  cpSync('dist', path.join(base, 'kcap', 'dist'), { recursive: true })
  const marker = path.join(top, 'loaded')
  for (const name of [
    'cpu-features',
    'bufferutil',
    'utf-8-validate',
    'encoding',
    'supports-color',
    'ssh2',
    'ws',
    'execa',
  ]) {
    const folder = path.join(base, 'node_modules', name)
    mkdirSync(path.join(folder, 'lib', 'protocol', 'crypto', 'build', 'Release'), { recursive: true })
    const trap = `require('fs').appendFileSync(${JSON.stringify(marker)}, ${JSON.stringify(name)}); throw new Error('no')`
    writeFileSync(path.join(folder, 'index.js'), trap)
    writeFileSync(path.join(folder, 'lib', 'protocol', 'crypto', 'build', 'Release', 'sshcrypto.node'), 'x')
  }
  // Node itself would.
  spawnSync(process.execPath, ['-e', "require('cpu-features')"], { cwd: path.join(base, 'kcap', 'dist') })
  expect(readFileSync(marker, 'utf8')).toBe('cpu-features')
  rmSync(marker)
  const program = path.join(base, 'kcap', 'dist', 'kcap.cjs')
  const environment = { ...process.env, KUBECONFIG: '/nonexistent', HOME: top, SSH_AUTH_SOCK: undefined, DEBUG: '*' }
  const output = path.join(top, 'x.pcapng')
  for (const words of [
    ['demo', '-o', output, '--duration', '1'],
    ['--ssh-host', '127.0.0.1', '--ssh-port', '1', '--ssh-client', 'ssh2', '-o', `${output}2`],
  ])
    spawnSync(process.execPath, [program, ...words], { env: environment, encoding: 'utf8' })
  expect(existsSync(marker)).toBe(false)
})
