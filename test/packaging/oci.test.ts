import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { formatImageArchive, formatIndexArchive, makeImage } from '../../packaging/formats/oci.js'
import { formatTar } from '../../packaging/formats/tar.js'
import { makeTempFolder } from '../support/temp-folder.ts'

const top = await makeTempFolder()
const reference = 'registry.example:5000/tools/kcap:1.2.3'
const annotations = { 'org.opencontainers.image.title': 'kcap' }
const program = { name: 'usr/bin/kcap', content: Buffer.from('#!/bin/sh\n'), isProgram: true }
const shell = { name: 'bin', content: Buffer.alloc(0), isProgram: false, linkTo: 'usr/bin' }
const tar = formatTar([program, shell], { tmp: 0o1777 })
const make = (architecture: string) =>
  makeImage({ architecture, layers: [{ name: 'kcap', tar }], settings: { Cmd: ['kcap'] }, annotations })

interface Descriptor {
  digest: string
  size: number
  platform: { architecture: string }
  annotations: Record<string, string>
}

/** Unpacks an archive with tar; returns a reader of its JSON files. */
function unpack(name: string, archive: Buffer) {
  const folder = path.join(top, name)
  mkdirSync(folder)
  writeFileSync(`${folder}.tar`, archive)
  execFileSync('tar', ['-xf', `${folder}.tar`, '-C', folder])
  const read = (file: string) => readFileSync(path.join(folder, file))
  const parse = <Value>(file: string) => JSON.parse(read(file).toString()) as Value
  return { read, parse, blob: ({ digest }: { digest: string }) => `blobs/${digest.replace(':', '/')}` }
}

test('an image archive leads from its index to the bytes of each layer, by size and digest', () => {
  const { read, parse, blob } = unpack('one', formatImageArchive(make('arm64'), reference))
  const [found] = parse<{ manifests: [Descriptor] }>('index.json').manifests
  expect(found.platform).toEqual({ architecture: 'arm64', os: 'linux' })
  expect(found.annotations).toEqual({
    'io.containerd.image.name': reference,
    'org.opencontainers.image.ref.name': '1.2.3',
  })
  const { config, layers } = parse<{ config: Descriptor; layers: Descriptor[] }>(blob(found))
  for (const descriptor of [found, config, ...layers]) {
    const content = read(blob(descriptor))
    expect(`sha256:${createHash('sha256').update(content).digest('hex')}`).toBe(descriptor.digest)
    expect(content.length).toBe(descriptor.size)
  }
  const { rootfs, architecture } = parse<{ rootfs: { diff_ids: string[] }; architecture: string }>(blob(config))
  const unpacked = layers.map((layer) => gunzipSync(read(blob(layer))))
  expect(rootfs.diff_ids).toEqual(unpacked.map((it) => `sha256:${createHash('sha256').update(it).digest('hex')}`))
  expect([architecture, unpacked[0]?.equals(tar)]).toEqual(['arm64', true])
  expect(parse('manifest.json')).toEqual([
    { Config: blob(config), RepoTags: [reference], Layers: layers.map((layer) => blob(layer)) },
  ])
})

test('an index archive has the images of both architectures under one name', () => {
  const { parse, blob } = unpack('both', formatIndexArchive([make('amd64'), make('arm64')], reference, annotations))
  const [index] = parse<{ manifests: [Descriptor] }>('index.json').manifests
  const { manifests } = parse<{ manifests: Descriptor[] }>(blob(index))
  expect(manifests.map(({ platform }) => platform.architecture)).toEqual(['amd64', 'arm64'])
  expect(manifests.map((manifest) => parse<{ layers: unknown[] }>(blob(manifest)).layers.length)).toEqual([1, 1])
})

test('tar unpacks programs, links and folders with their modes', () => {
  const folder = path.join(top, 'tree')
  mkdirSync(folder)
  execFileSync('tar', ['-xpf', '-', '-C', folder], { input: tar })
  expect(readFileSync(path.join(folder, 'bin/kcap'), 'utf8')).toBe('#!/bin/sh\n')
  expect(statSync(path.join(folder, 'bin/kcap')).mode & 0o7777).toBe(0o755)
  expect(statSync(path.join(folder, 'tmp')).mode & 0o7777).toBe(0o1777)
})
