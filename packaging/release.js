import { readFileSync } from 'node:fs'

/**
 * Whom kcap is packaged for, and with which package of npm's that has Node for that platform in it: 24, but on macOS, for which npm has no 24
 * that is kept up, and not 26 on Linux, where it needs a libatomic that many systems lack.
 * @typedef {object} Platform
 * @property {string} name as in `linux-x64`
 * @property {{ name: string, version: string, license: string, integrity: string }} node
 * @property {{ architecture: string, multiarch: string }} [debian]
 * @property {string} [rpm] architecture
 */

/** @type {Record<string, Omit<Platform, 'name'>>} */
const described = JSON.parse(readFileSync(new URL('release.json', import.meta.url), 'utf8'))

/** @type {readonly Platform[]} */
export const platforms = Object.entries(described).map(([name, platform]) => ({ name, ...platform }))

/** @type {{ name: string, version: string, license: string, description: string }} */
export const product = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/** @param {Platform} platform */
export function isWindows({ name }) {
  return name.startsWith('win-')
}
