import { fetchDebianPackage, imageDescription, readDebianPackage } from './debian-packages.js'
import { formatTar } from './formats/tar.js'
import { toDebianComponent } from './sbom.js'

/** @typedef {import('./formats/entry.js').Entry} Entry */
/** @typedef {import('./debian-packages.js').Architecture} Architecture */

const home = 'usr/lib/kcap'
const sbomName = 'sbom.cdx.json'

/** Modes of folders that container runtimes mount, or in which every user may write. */
const emptyFolders = {
  dev: 0o755,
  proc: 0o755,
  root: 0o700,
  run: 0o755,
  sys: 0o755,
  tmp: 0o1777,
  'usr/sbin': 0o755,
  var: 0o755,
  'var/tmp': 0o1777,
}

/** @type {Readonly<Record<string, string>>} Debian's tcpdump becomes the user `tcpdump` when root starts it. */
const systemFiles = {
  'etc/passwd': `root:x:0:0:root:/root:/bin/sh
tcpdump:x:72:72:tcpdump:/nonexistent:/bin/false
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
`,
  'etc/group': 'root:x:0:\ntcpdump:x:72:\nnogroup:x:65534:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n',
}

/**
 * Makes the layers of the image: programs and libraries of Debian, then Node, then kcap, which changes most often.
 * @param {readonly Entry[]} files as of `listFiles`
 * @param {Architecture} architecture
 * @param {{ folder: string, mirror: string | undefined }} source of Debian's packages
 * @returns {Promise<{ layers: { name: string, tar: Buffer }[], sbom: Buffer }>}
 * @throws {import('./debian-packages.js').MissingDebianPackage} when a package is missing
 */
export async function makeImageLayers(files, architecture, source) {
  const system = await listSystemFiles(architecture, source)
  const sbom = describeContents(files, architecture)
  const node = files.filter(({ name }) => ['node', 'LICENSE-node'].includes(name))
  const program = files.filter(({ name }) => /^(dist\/.*|package\.json|LICENSE)$/.test(name))
  const moveHome = (/** @type {readonly Entry[]} */ entries) =>
    entries.map((entry) => ({ ...entry, name: `${home}/${entry.name}` }))
  const start = `#!/bin/sh\nexec /${home}/node /${home}/dist/kcap.cjs "$@"\n`
  return {
    layers: [
      { name: `packages of ${imageDescription.distribution}`, tar: formatTar(system, emptyFolders) },
      { name: 'Node', tar: formatTar([...moveHome(node), toLink('usr/bin/node', '../lib/kcap/node')]) },
      {
        name: 'kcap',
        tar: formatTar([
          ...moveHome([...program, { name: sbomName, content: sbom, isProgram: false }]),
          { name: 'usr/bin/kcap', content: Buffer.from(start), isProgram: true },
        ]),
      },
    ],
    sbom,
  }
}

/**
 * @param {Architecture} architecture
 * @param {{ folder: string, mirror: string | undefined }} source
 */
async function listSystemFiles(architecture, source) {
  const { packages, applets } = imageDescription
  /** @type {Entry[]} */
  const entries = []
  for (const debianPackage of packages) {
    const file = await fetchDebianPackage(debianPackage, architecture, source)
    entries.push(...readDebianPackage(debianPackage, file))
  }
  // The loader of amd64 is in a folder of its own.
  const hasLib64 = entries.some(({ name }) => name.startsWith('usr/lib64/'))
  const merged = ['bin', 'lib', 'sbin', ...(hasLib64 ? ['lib64'] : [])]
  return [
    ...entries,
    ...merged.map((name) => toLink(name, `usr/${name}`)),
    ...applets.map((name) => toLink(`usr/bin/${name}`, 'busybox')),
    ...Object.entries(systemFiles).map(([name, text]) => ({ name, content: Buffer.from(text), isProgram: false })),
  ]
}

/**
 * Returns the SBOM of the files, with Debian's packages.
 * @param {readonly Entry[]} files
 * @param {Architecture} architecture
 */
function describeContents(files, architecture) {
  const { packages, distribution } = imageDescription
  const sbom = JSON.parse(String(files.find(({ name }) => name === sbomName)?.content))
  const components = packages.map((item) => toDebianComponent(item, architecture, distribution))
  const whole = { ...sbom, components: [...sbom.components, ...components] }
  return Buffer.from(`${JSON.stringify(whole, undefined, 1)}\n`)
}

/**
 * @param {string} name
 * @param {string} linkTo
 * @returns {Entry}
 */
function toLink(name, linkTo) {
  return { name, content: Buffer.alloc(0), isProgram: false, linkTo }
}
