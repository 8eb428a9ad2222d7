import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { formatTarGz } from './formats/tar.js'
import { formatZip } from './formats/zip.js'
import { listFiles } from './list-files.js'
import { isWindows, platforms, product } from './release.js'

/**
 * `npm run package -- [--out FOLDER] [PLATFORM…]`: what can be installed without Node, for all platforms or for those that are named, on any
 * machine. The same sources give the same bytes.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: 'out' }, 'node-folder': { type: 'string' } },
})
const out = path.resolve(values.out)
const nodeFolder = path.resolve(values['node-folder'] ?? path.join(out, 'node'))
const unknown = positionals.find((name) => !platforms.some((platform) => platform.name === name))
if (unknown !== undefined) {
  console.error(`cannot package "${unknown}": there are ${platforms.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

process.chdir(path.join(import.meta.dirname, '..'))
execFileSync(process.execPath, ['build.js'], { stdio: 'inherit' })
mkdirSync(out, { recursive: true })
for (const platform of platforms) {
  if (positionals.length > 0 && !positionals.includes(platform.name)) continue
  const files = listFiles(platform, nodeFolder)
  const folder = `${product.name}-${product.version}-${platform.name}`
  const entries = files.map((entry) => ({ ...entry, name: `${folder}/${entry.name}` }))
  if (isWindows(platform)) write(`${folder}.zip`, formatZip(entries))
  else write(`${folder}.tar.gz`, formatTarGz(entries))
  const sbom = files.find(({ name }) => name === 'sbom.cdx.json')
  if (sbom !== undefined) write(`${folder}.cdx.json`, sbom.content)
}

const made = readdirSync(out)
  .filter((name) => name.startsWith(product.name))
  .toSorted()
const sums = made.map(
  (name) =>
    `${createHash('sha256')
      .update(readFileSync(path.join(out, name)))
      .digest('hex')}  ${name}\n`,
)
writeFileSync(path.join(out, 'SHA256SUMS'), sums.join(''))

/**
 * @param {string} name
 * @param {Buffer} content
 */
function write(name, content) {
  writeFileSync(path.join(out, name), content)
  console.log(`${path.join(out, name)}  ${(content.length / 1e6).toFixed(1)} MB`)
}
