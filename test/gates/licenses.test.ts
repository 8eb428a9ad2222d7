import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { formatLicenses, listBundledPackages, readPackage } from '../../packaging/bundled-packages.js'
import { makeTempFolder } from '../support/temp-folder.ts'

interface Component {
  readonly group?: string
  readonly name: string
  readonly version: string
  readonly licenses: readonly { readonly license: { readonly id: string } }[]
}

const texts = readFileSync('dist/THIRD-PARTY-LICENSES.txt', 'utf8')
const { components } = JSON.parse(readFileSync('dist/sbom.cdx.json', 'utf8')) as { components: readonly Component[] }
const nameOf = ({ group, name }: Component) => (group === undefined ? name : `${group}/${name}`)

test('the bundle contains every package that the sources import', () => {
  const imported = ['@clack/core', 'agent-base', 'execa', 'js-yaml', 'minimist', 'socks', 'ssh-config']
  expect(components.map(nameOf)).toEqual(expect.arrayContaining([...imported, 'ssh2', 'ws', 'yaml']))
})

test('THIRD-PARTY-LICENSES.txt names every bundled package with its terms', () => {
  const sections = texts.split(/^-{80}$/m).slice(1)
  expect(sections.length).toBe(components.length)
  for (const [index, component] of components.entries()) {
    const section = sections[index] ?? ''
    expect(section).toContain(`\n${nameOf(component)} ${component.version} (${component.licenses[0]?.license.id})\n`)
    expect(section).toMatch(/permission|redistribution|licensed under|free and unencumbered/i)
  }
})

test('no bundled package has terms that ask for more than attribution', () => {
  const permissive = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'Unlicense']
  const ids = components.flatMap(({ licenses }) => licenses.map(({ license }) => license.id))
  expect(ids.filter((id) => !permissive.includes(id))).toEqual([])
})

test('a package without a licence text cannot be bundled', async () => {
  const folder = path.join(await makeTempFolder(), 'node_modules', 'bare')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'package.json'), '{"name": "bare", "version": "1.0.0", "license": "MIT"}')
  const inputs = { [`${folder}/index.js`]: { bytesInOutput: 1 } }
  const output = { bytes: 1, imports: [], exports: [], inputs }
  const bundle = () => listBundledPackages([{ inputs: {}, outputs: { 'dist/x.js': output } }])
  expect(bundle).toThrow('cannot bundle "bare": it has no licence text')
  output.inputs[`${folder}/index.js`] = { bytesInOutput: 0 }
  expect(bundle()).toEqual([])
  writeFileSync(path.join(folder, 'COPYING'), 'Do what you like.')
  expect(formatLicenses([readPackage(folder, 'sha512-')])).toContain('bare 1.0.0 (MIT)\n\nDo what you like.\n')
})
