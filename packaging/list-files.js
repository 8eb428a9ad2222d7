import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fetchNode, fetchNodeLicense } from './fetch-node.js'
import { isWindows, product } from './release.js'
import { toComponent } from './sbom.js'

/** @typedef {import('./formats/entry.js').Entry} Entry */

const top = path.join(import.meta.dirname, '..')

/**
 * Returns all files of a package for a platform. `build.js` must have run before.
 * @param {import('./release.js').Platform} platform
 * @param {string} nodeFolder
 * @returns {Entry[]}
 */
export function listFiles(platform, nodeFolder) {
  const { name, version, license } = product
  const built = readdirSync(path.join(top, 'dist'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'sbom.cdx.json')
    .map((entry) => path.relative(top, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
  const installer = isWindows(platform) ? 'install.ps1' : 'install.sh'
  const launchers = isWindows(platform)
    ? { 'kcap.cmd': 'kcap.cmd', 'kcap-extcap.cmd': 'kcap-extcap.cmd' }
    : { kcap: 'kcap', 'kcap-extcap': 'kcap-extcap', 'kubectl-kcap': 'kcap', 'kubectl_complete-kcap': 'kcap' }
  return [
    ...Object.entries(launchers).map(([name, file]) => toEntry(name, read(`launchers/${file}`), true)),
    toEntry(isWindows(platform) ? 'node.exe' : 'node', fetchNode(platform, nodeFolder), true),
    toEntry(installer, read(`installers/${installer}`), true),
    ...built.map((file) => toEntry(file, read(file), false)),
    // Declares to Node that dist contains ES modules.
    toEntry('package.json', formatJson({ name, version, license, type: 'module' }), false),
    toEntry('sbom.cdx.json', formatJson(describeContents(platform)), false),
    toEntry('LICENSE', read('LICENSE'), false),
    toEntry('LICENSE-node', fetchNodeLicense(platform, nodeFolder), false),
  ]
}

/** Returns the licenses of the bundled packages and Node. @param {import('./release.js').Platform} platform */
function describeContents({ node }) {
  const sbom = JSON.parse(read('dist/sbom.cdx.json').toString())
  return { ...sbom, components: [...sbom.components, toComponent(node)] }
}

/** @param {string} file */
function read(file) {
  return readFileSync(path.join(top, file))
}

/** @param {unknown} value */
function formatJson(value) {
  return Buffer.from(`${JSON.stringify(value, undefined, 1)}\n`)
}

/**
 * @param {string} name
 * @param {Buffer} content
 * @param {boolean} isProgram
 * @returns {Entry}
 */
function toEntry(name, content, isProgram) {
  return { name, content, isProgram }
}
