import { readFileSync } from 'node:fs'

/**
 * A platform that kcap is packaged for, and the npm package that contains Node for it. Node is 24; on macOS it is 26, because npm has no maintained
 * 24 for macOS. On Linux, 26 needs a libatomic that many systems lack.
 * @typedef {object} Platform
 * @property {string} name as in `linux-x64`
 * @property {{ name: string, version: string, license: string, integrity: string }} node
 * @property {{ architecture: import('./debian-packages.js').Architecture, multiarch: string }} [debian]
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
