import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { readTarGz } from './formats/tar.js'
import { isWindows, platforms } from './release.js'

/**
 * Fetches Node's program for a platform with npm, from the registry that npm is configured for.
 * @param {import('./release.js').Platform} platform
 * @param {string} folder cache for the next run
 */
export function fetchNode(platform, folder) {
  return fetchFile(platform, `package/bin/${isWindows(platform) ? 'node.exe' : 'node'}`, folder)
}

/**
 * Returns Node's license text. The package for Windows lacks it; it is the same in other packages of that version.
 * @param {import('./release.js').Platform} platform
 * @param {string} folder
 */
export function fetchNodeLicense(platform, folder) {
  const twin = platforms.find((other) => !isWindows(other) && other.node.version === platform.node.version)
  return fetchFile(twin ?? platform, 'package/LICENSE', folder)
}

/**
 * Fetches a package and refuses one that differs from release.json.
 * @param {import('./release.js').Platform} platform
 * @param {string} name
 * @param {string} folder
 */
function fetchFile({ node }, name, folder) {
  const wanted = `${node.name}@${node.version}`
  const file = path.join(folder, `${node.name}-${node.version}.tgz`)
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true })
    const argv = ['pack', '--silent', wanted, '--pack-destination', folder]
    execFileSync('npm', argv, { stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' })
  }
  const archive = readFileSync(file)
  const found = `sha512-${createHash('sha512').update(archive).digest('base64')}`
  if (found !== node.integrity) {
    rmSync(file)
    throw new Error(`cannot package "${wanted}": it is ${found}, not ${node.integrity}`)
  }
  const content = readTarGz(archive, name)
  if (content === undefined) throw new Error(`cannot package "${wanted}": it has no ${name}`)
  return content
}
