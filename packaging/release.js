import { readFileSync } from 'node:fs'

/**
 * Whom kcap is packaged for, and with which Node: one long-term release that npm has for all platforms.
 * @typedef {object} Platform
 * @property {string} name as in `linux-x64`
 * @property {string} nodePackage of npm, with that platform's Node in it
 * @property {string} integrity of that package
 * @property {{ architecture: string, multiarch: string }} [debian]
 * @property {string} [rpm] architecture
 */

/** @type {{ nodeVersion: string, platforms: Record<string, Omit<Platform, 'name'>> }} */
const release = JSON.parse(readFileSync(new URL('release.json', import.meta.url), 'utf8'))

export const { nodeVersion } = release

/** @type {readonly Platform[]} */
export const platforms = Object.entries(release.platforms).map(([name, platform]) => ({ name, ...platform }))

/** @type {{ name: string, version: string, license: string, description: string }} */
export const product = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/** @param {Platform} platform */
export function isWindows({ name }) {
  return name.startsWith('win-')
}
