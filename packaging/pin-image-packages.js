import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * `node packaging/pin-image-packages.js`: writes the newest versions of the image's Debian packages, their files and checksums into
 * image-packages.json. Runs on a Debian of the same release, with the sources of apt, which checks their signatures.
 */
const file = path.join(import.meta.dirname, 'image-packages.json')
/** @type {import('./debian-packages.js').ImageDescription} */
const description = JSON.parse(readFileSync(file, 'utf8'))
const names = description.packages.map(({ name }) => name)
const [amd64, arm64] = [findPackages('amd64'), findPackages('arm64')]
const packages = description.packages.map(({ name, takes }) => {
  const [one, other] = [amd64.get(name), arm64.get(name)]
  if (one === undefined || other === undefined) throw new Error(`cannot pin "${name}": apt has no checksum of it`)
  const { version } = one
  if (version !== other.version) console.log(`${name} is ${version} for amd64 and ${other.version} for arm64`)
  return { name, version, ...(takes !== undefined && { takes }), amd64: one.file, arm64: other.file }
})
const snapshot = new Date().toISOString().replace(/[-:]|\..*/g, '')
writeFileSync(file, `${JSON.stringify({ ...description, snapshot: `${snapshot}Z`, packages }, undefined, 2)}\n`)

/**
 * Asks apt, with folders of its own, for the packages of an architecture.
 * @param {string} architecture
 */
function findPackages(architecture) {
  const folder = mkdtempSync(path.join(tmpdir(), 'kcap-apt-'))
  try {
    for (const name of ['lists/partial', 'cache/archives/partial', 'here'])
      mkdirSync(path.join(folder, name), { recursive: true })
    writeFileSync(path.join(folder, 'status'), '')
    const settings = {
      'Dir::State::lists': path.join(folder, 'lists'),
      'Dir::State::status': path.join(folder, 'status'),
      'Dir::Cache': path.join(folder, 'cache'),
      'APT::Architecture': architecture,
      'APT::Architectures': architecture,
    }
    const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
    const apt = (/** @type {readonly string[]} */ argv) =>
      execFileSync('apt-get', ['-qq', ...options, ...argv], {
        // apt omits the packages that are in the current folder.
        cwd: path.join(folder, 'here'),
        stdio: ['ignore', 'pipe', 'inherit'],
      }).toString()
    apt(['update'])
    const lines = apt(['download', '--print-uris', ...names]).matchAll(
      /^'\S*?\/(debian(?:-security)?\/pool\/\S+)' ([^_]+)_([^_]+)_\S+ \d+ SHA256:([0-9a-f]{64})$/gm,
    )
    return new Map(
      [...lines].map(([, place = '', name = '', version = '', sha256 = '']) => [
        name,
        { version: decodeURIComponent(version), file: { path: place, sha256 } },
      ]),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
