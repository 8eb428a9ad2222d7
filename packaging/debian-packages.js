import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { readTar } from './formats/tar.js'

/** @typedef {import('./formats/entry.js').Entry} Entry */

/**
 * A Debian package of the image. `takes` matches the names of its files that the image has; without it, those are its shared libraries.
 * @typedef {object} DebianPackage
 * @property {string} name
 * @property {string} version
 * @property {string} [takes]
 * @property {{ path: string, sha256: string }} amd64
 * @property {{ path: string, sha256: string }} arm64
 */

/** @typedef {'amd64' | 'arm64'} Architecture of Debian and of images */

/**
 * @typedef {object} ImageDescription
 * @property {string} distribution
 * @property {string} snapshot time at which the archive had all these versions
 * @property {readonly DebianPackage[]} packages
 * @property {readonly string[]} applets programs of busybox
 */

/** @type {ImageDescription} */
export const imageDescription = JSON.parse(readFileSync(new URL('image-packages.json', import.meta.url), 'utf8'))

const fetchTimeoutMs = 60_000
const libraries = '^(usr/)?lib/[^/]+/[^/]+[.]so[.0-9]*$'

/** No mirror has a package, or nothing here unpacks it. */
export class MissingDebianPackage extends Error {}

/**
 * Fetches a package, and refuses one that differs from image-packages.json.
 * @param {DebianPackage} debianPackage
 * @param {Architecture} architecture
 * @param {{ folder: string, mirror: string | undefined }} options the cache for the next run, and the mirror instead of apt's own
 * @returns {Promise<string>} path of the file
 * @throws {MissingDebianPackage} when no mirror has the package
 */
export async function fetchDebianPackage(debianPackage, architecture, { folder, mirror }) {
  const { path: place, sha256 } = debianPackage[architecture]
  const file = path.join(folder, decodeURIComponent(path.basename(place)))
  if (!existsSync(file)) {
    const content = await fetchFirst(listUrls(place, mirror))
    mkdirSync(folder, { recursive: true })
    // Another build may read the folder at the same time.
    writeFileSync(`${file}.${process.pid}`, content)
    renameSync(`${file}.${process.pid}`, file)
  }
  const found = createHash('sha256').update(readFileSync(file)).digest('hex')
  if (found !== sha256) throw new Error(`cannot use "${file}": its SHA-256 is ${found}, not ${sha256}`)
  return file
}

/**
 * Returns the files of a package that the image has. Debian 12 packages use the folders of before the merge of `/usr`, which are links in the image.
 * @param {DebianPackage} debianPackage
 * @param {string} file
 * @returns {Entry[]}
 * @throws {MissingDebianPackage} when there is no dpkg-deb
 */
export function readDebianPackage({ name, takes = libraries }, file) {
  const tar = unpack(file)
  const pattern = new RegExp(takes)
  /** @type {Entry[]} */
  const entries = []
  for (const { type, ...entry } of readTar(tar)) {
    const plain = entry.name.replace(/^\.\//, '')
    // The terms of a package may be those of another one, to which its folder is then a link.
    const isTerms = plain === `usr/share/doc/${name}/copyright` || plain === `usr/share/doc/${name}`
    if (!isTerms && !pattern.test(plain)) continue
    if (type !== '0' && type !== '2') throw new Error(`cannot read "${file}": "${plain}" is neither a file nor a link`)
    entries.push({ ...entry, name: plain.replace(/^(bin|sbin|lib|lib64)\//, 'usr/$1/') })
  }
  return entries
}

/** @param {string} file */
function unpack(file) {
  try {
    return execFileSync('dpkg-deb', ['--fsys-tarfile', file], { maxBuffer: 1e9 })
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    throw code === 'ENOENT' ? new MissingDebianPackage('there is no dpkg-deb here') : error
  }
}

/**
 * Returns the URLs of a file: from the given mirror, or from those of apt and then from the archive of all versions.
 * @param {string} place path from the folder above `debian` and `debian-security`
 * @param {string | undefined} mirror
 */
function listUrls(place, mirror) {
  if (mirror !== undefined) return [`${mirror.replace(/\/$/, '')}/${place}`]
  const [archive, ...rest] = place.split('/')
  const { snapshot } = imageDescription
  return [
    ...listAptMirrors().map((base) => `${base}${place}`),
    `https://snapshot.debian.org/archive/${archive}/${snapshot}/${rest.join('/')}`,
  ]
}

/** Returns the mirrors of Debian that apt uses here, without the name of the archive. */
function listAptMirrors() {
  const folder = '/etc/apt/sources.list.d'
  const others = existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : []
  const texts = ['/etc/apt/sources.list', ...others].filter(existsSync).map((file) => readFileSync(file, 'utf8'))
  const found = texts.flatMap((text) => [
    ...text.matchAll(/^[^#\n]*?(https?:\/\/\S+?\/)debian(?:-security)?\/?(?=\s)/gm),
  ])
  return [...new Set(found.map(([, base = '']) => base))]
}

/** @param {readonly string[]} urls */
async function fetchFirst(urls) {
  const states = []
  for (const url of urls) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(fetchTimeoutMs) })
      if (response.ok) return Buffer.from(await response.arrayBuffer())
      states.push(`${url}: ${response.status}`)
    } catch (error) {
      const { cause, message } = /** @type {Error} */ (error)
      states.push(`${url}: ${cause instanceof Error ? cause.message : message}`)
    }
  }
  throw new MissingDebianPackage(`cannot fetch a Debian package: ${states.join(', ')}`)
}
