import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * @typedef {object} BundledPackage
 * @property {string} name
 * @property {string} version
 * @property {string} license SPDX identifier
 * @property {string} licenseText
 * @property {string} integrity of the package from npm, as in package-lock.json
 */

/** Licence texts of packages that publish none. */
const ownTexts = path.join(import.meta.dirname, 'licenses')

/**
 * Returns the npm packages with at least one byte in esbuild's output, sorted by name. Throws when one has no licence text.
 * @param {readonly import('esbuild').Metafile[]} metafiles
 * @returns {BundledPackage[]}
 */
export function listBundledPackages(metafiles) {
  const inputs = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap((output) => Object.entries(output.inputs)),
  )
  const folders = inputs.flatMap(([file, { bytesInOutput }]) =>
    bytesInOutput === 0 ? [] : (/^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file) ?? []),
  )
  const { packages: locked } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  return [...new Set(folders)]
    .map((folder) => readPackage(folder, locked[folder]?.integrity))
    .toSorted((a, b) => (a.name + a.version < b.name + b.version ? -1 : 1))
}

/**
 * @param {string} folder
 * @param {string} integrity
 * @returns {BundledPackage}
 */
export function readPackage(folder, integrity) {
  const { name, version, license, licenses } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|copying|notice|copyrightnotice)(\.|$)/i.test(file))
    .map((file) => path.join(folder, file))
  const own = path.join(ownTexts, `${name.replace('/', '-')}.txt`)
  if (texts.length === 0 && existsSync(own)) texts.push(own)
  if (texts.length === 0) {
    throw new Error(`cannot bundle "${name}": it has no licence text; put the one of its repository into ${own}`)
  }
  const licenseText = texts.map((file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trim()).join('\n\n')
  // ssh2 still uses an old form of this field.
  return { name, version, license: license ?? licenses?.[0]?.type, licenseText, integrity }
}

/**
 * Formats the terms of all packages. A text that several have is there once, with the first of them.
 * @param {readonly BundledPackage[]} packages
 */
export function formatLicenses(packages) {
  const rule = '-'.repeat(80)
  /** @type {Map<string, string>} */
  const owners = new Map()
  const sections = packages.map(({ name, version, license, licenseText }) => {
    const owner = owners.get(licenseText)
    owners.set(licenseText, owner ?? `${name} ${version}`)
    const text = owner === undefined ? licenseText : `Licensed under the same text as ${owner}, above.`
    return `${rule}\n${name} ${version} (${license})\n\n${text}\n`
  })
  return ['kcap contains code of these npm packages, under these terms.\n', ...sections].join('\n')
}
