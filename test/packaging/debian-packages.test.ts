import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect, test } from 'vitest'
import {
  fetchDebianPackage,
  imageDescription,
  MissingDebianPackage,
  readDebianPackage,
} from '../../packaging/debian-packages.js'
import { formatAr } from '../../packaging/formats/ar.js'
import { formatTarGz } from '../../packaging/formats/tar.js'
import { toDebianComponent } from '../../packaging/sbom.js'
import { afterThisFile } from '../support/cleanups.ts'
import { hasPrograms } from '../support/has-program.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const top = await makeTempFolder()
const toFile = (name: string, more: object = {}) => ({ name, content: Buffer.from(name), isProgram: false, ...more })
const data = [
  toFile('./lib/x86_64-linux-gnu/libtool.so.1', { content: Buffer.alloc(0), linkTo: 'libtool.so.1.2' }),
  toFile('./lib/x86_64-linux-gnu/libtool.so.1.2'),
  toFile('./lib/x86_64-linux-gnu/gconv/other.so'),
  toFile('./usr/bin/tool', { isProgram: true }),
  toFile('./usr/share/doc/libtool1/copyright'),
  toFile('./usr/share/man/man1/tool.1'),
]
const deb = formatAr([
  ['debian-binary', Buffer.from('2.0\n')],
  ['control.tar.gz', formatTarGz([toFile('./control')])],
  ['data.tar.gz', formatTarGz(data)],
])
const sha256 = createHash('sha256').update(deb).digest('hex')
const pathOf = (name: string) => `debian/pool/main/t/tool/${name}.deb`
const describe = (name: string, sum = sha256) => ({
  name: 'libtool1',
  version: '1:1.2+b1',
  amd64: { path: pathOf(name), sha256: sum },
  arm64: { path: pathOf(name), sha256: sum },
})

let requests = 0
const server = createServer((request, response) => {
  requests++
  if (request.url === `/${pathOf('good%2b1')}`) response.end(deb)
  else response.writeHead(404).end()
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
afterThisFile.add(() => void server.close())
const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

test('a Debian package comes from the mirror once, and then from its folder', async () => {
  const folder = path.join(top, 'cache')
  const file = await fetchDebianPackage(describe('good%2b1'), 'amd64', { folder, mirror })
  expect(await fetchDebianPackage(describe('good%2b1'), 'arm64', { folder, mirror })).toBe(file)
  expect([readdirSync(folder), requests]).toEqual([['good+1.deb'], 1])
})

test('a Debian package with other bytes than those of image-packages.json is refused', async () => {
  const folder = path.join(top, 'cache')
  const wanted = fetchDebianPackage(describe('good%2b1', '0'.repeat(64)), 'amd64', { folder, mirror })
  await expect(wanted).rejects.toThrow(`its SHA-256 is ${sha256}, not 000`)
})

test('a Debian package that no mirror has is an error of its own, which names each URL', async () => {
  const wanted = fetchDebianPackage(describe('none'), 'amd64', { folder: top, mirror })
  await expect(wanted).rejects.toThrow(MissingDebianPackage)
  await expect(wanted).rejects.toThrow(`${mirror}/${pathOf('none')}: 404`)
})

test.runIf(hasPrograms('dpkg-deb'))('the image has the shared libraries and the terms of a Debian package', () => {
  mkdirSync(path.join(top, 'read'))
  const file = path.join(top, 'read', 'tool.deb')
  writeFileSync(file, deb)
  const read = (takes?: string) =>
    readDebianPackage({ ...describe('good'), ...(takes !== undefined && { takes }) }, file).map((entry) => entry.name)
  const libraries = ['libtool.so.1', 'libtool.so.1.2'].map((name) => `usr/lib/x86_64-linux-gnu/${name}`)
  expect(read().toSorted()).toEqual([...libraries, 'usr/share/doc/libtool1/copyright'])
  expect(read('^usr/bin/tool$').toSorted()).toEqual(['usr/bin/tool', 'usr/share/doc/libtool1/copyright'])
})

test('the image pins each Debian package for both architectures', () => {
  for (const item of imageDescription.packages)
    for (const { path: place, sha256: sum } of [item.amd64, item.arm64]) {
      expect(place).toMatch(/^debian(-security)?\/pool\/\S+\/\S+_(amd64|arm64|all)\.deb$/)
      expect(sum).toMatch(/^[0-9a-f]{64}$/)
    }
})

test('the SBOM names a Debian package by its purl, with distribution and architecture', () => {
  expect(toDebianComponent(describe('good'), 'arm64', 'debian-12')).toMatchObject({
    name: 'libtool1',
    purl: 'pkg:deb/debian/libtool1@1%3A1.2%2Bb1?arch=arm64&distro=debian-12',
    hashes: [{ alg: 'SHA-256', content: sha256 }],
  })
})
