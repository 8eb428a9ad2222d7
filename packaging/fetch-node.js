import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { readTarGz } from './formats/tar.js'
import { isWindows, platforms } from './release.js'

/**
 * Node's program for a platform, by npm from wherever npm is told to look.
 * @param {import('./release.js').Platform} platform
 * @param {string} folder where it is kept for the next time
 */
export function fetchNode(platform, folder) {
  return fetchFile(platform, `package/bin/${isWindows(platform) ? 'node.exe' : 'node'}`, folder)
}

/**
 * Node's terms. They are left out of the package for Windows; those of the same version elsewhere are the same.
 * @param {import('./release.js').Platform} platform
 * @param {string} folder
 */
export function fetchNodeLicense(platform, folder) {
  const twin = platforms.find((other) => !isWindows(other) && other.node.version === platform.node.version)
  return fetchFile(twin ?? platform, 'package/LICENSE', folder)
}

/**
 * What is not what release.json describes is refused.
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
