import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { makeDebianPackage } from './debian.js'
import { MissingDebianPackage } from './debian-packages.js'
import { formatTarGz } from './formats/tar.js'
import { formatZip } from './formats/zip.js'
import { formatFormula } from './homebrew.js'
import { makeContainerImage, makeImageIndex } from './image.js'
import { formatKrewManifest } from './krew.js'
import { listFiles } from './list-files.js'
import { isWindows, platforms, product } from './release.js'
import { makeRpm } from './rpm.js'

/**
 * `npm run package -- [--out FOLDER] [--downloads URL] [PLATFORM…]`: makes packages that install without Node, for all platforms or the
 * named ones, on any machine, and the container image. The same sources give the same bytes. With the URL of the published archives, it also writes the
 * files for Homebrew and krew. Without Debian's packages it leaves out the image; with `--require-image` it fails then.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: 'out' },
    'node-folder': { type: 'string' },
    'debian-folder': { type: 'string' },
    'debian-mirror': { type: 'string' },
    'require-image': { type: 'boolean', default: false },
    downloads: { type: 'string' },
  },
})
const out = path.resolve(values.out)
const nodeFolder = path.resolve(values['node-folder'] ?? path.join(out, 'node'))
const source = {
  folder: path.resolve(values['debian-folder'] ?? path.join(out, 'debian')),
  mirror: values['debian-mirror'],
}
const unknown = positionals.find((name) => !platforms.some((platform) => platform.name === name))
if (unknown !== undefined) {
  console.error(`cannot package "${unknown}": there are ${platforms.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

process.chdir(path.join(import.meta.dirname, '..'))
execFileSync(process.execPath, ['build.js'], { stdio: 'inherit' })
mkdirSync(out, { recursive: true })
/** @type {import('./formats/oci.js').Image[]} */
const images = []
for (const platform of platforms) {
  if (positionals.length > 0 && !positionals.includes(platform.name)) continue
  const files = listFiles(platform, nodeFolder)
  const folder = nameFolder(platform.name)
  const entries = files.map((entry) => ({ ...entry, name: `${folder}/${entry.name}` }))
  if (isWindows(platform)) write(`${folder}.zip`, formatZip(entries))
  else write(`${folder}.tar.gz`, formatTarGz(entries))
  const sbom = files.find(({ name }) => name === 'sbom.cdx.json')
  if (sbom !== undefined) write(`${folder}.cdx.json`, sbom.content)
  const { debian, rpm } = platform
  if (debian !== undefined) {
    const name = `${product.name}_${product.version}_${debian.architecture}.deb`
    write(name, await makeDebianPackage(files, debian))
    const made = await makeImageIfPossible(files, debian.architecture)
    if (made !== undefined) {
      images.push(made.image)
      write(`${folder}-image.tar`, made.archive)
      write(`${folder}-image.cdx.json`, made.sbom)
    }
  }
  if (rpm !== undefined) {
    const made = await makeRpm(files, rpm)
    if (made === undefined) console.log(`no .rpm for ${platform.name}: there is no rpmbuild here`)
    else write(`${product.name}-${product.version}-1.${rpm}.rpm`, made)
  }
}
if (images.length > 1) write(`${product.name}-${product.version}-image.tar`, await makeImageIndex(images))
if (values.downloads !== undefined) {
  const base = values.downloads.replace(/\/$/, '')
  const find = (/** @type {string} */ platform) => {
    const folder = nameFolder(platform)
    return { folder, url: `${base}/${folder}.tar.gz`, sha256: sumOf(`${folder}.tar.gz`) }
  }
  write('kcap.rb', Buffer.from(formatFormula(find)))
  write('kcap.krew.yaml', Buffer.from(formatKrewManifest(find)))
}
const made = readdirSync(out).filter((name) => name.startsWith(product.name))
writeFileSync(
  path.join(out, 'SHA256SUMS'),
  made
    .toSorted()
    .map((name) => `${sumOf(name)}  ${name}\n`)
    .join(''),
)

/**
 * Makes the image, or says why it is left out.
 * @param {readonly import('./formats/entry.js').Entry[]} files
 * @param {import('./debian-packages.js').Architecture} architecture
 */
async function makeImageIfPossible(files, architecture) {
  try {
    return await makeContainerImage(files, architecture, source)
  } catch (error) {
    if (values['require-image'] || !(error instanceof MissingDebianPackage)) throw error
    console.log(`no image for ${architecture}: ${error.message}`)
    return undefined
  }
}

/** @param {string} platform */
function nameFolder(platform) {
  return `${product.name}-${product.version}-${platform}`
}

/** @param {string} name */
function sumOf(name) {
  return createHash('sha256')
    .update(readFileSync(path.join(out, name)))
    .digest('hex')
}

/**
 * @param {string} name
 * @param {Buffer} content
 */
function write(name, content) {
  writeFileSync(path.join(out, name), content)
  console.log(`${path.join(out, name)}  ${(content.length / 1e6).toFixed(1)} MB`)
}
