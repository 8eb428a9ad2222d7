import { loadSource } from './load-source.js'

/** @typedef {import('./formats/entry.js').Entry} Entry */

const home = '/usr/lib/kcap'
const program = `${home}/dist/kcap.cjs`
const programs = ['kcap', 'kcap-extcap', 'kubectl-kcap', 'kubectl_complete-kcap']

/** @type {Readonly<Record<string, string>>} Folders where all distributions look for these files. */
const sharedFiles = {
  'dist/kcap.1': 'man/man1/kcap.1',
  'dist/completion/kcap.bash': 'bash-completion/completions/kcap',
  'dist/completion/kcap.zsh': 'zsh/vendor-completions/_kcap',
  'dist/completion/kcap.fish': 'fish/vendor_completions.d/kcap.fish',
}

/**
 * Returns kcap's files as a system package installs them: under absolute paths, with the launcher in the folders where Wireshark, depending on its
 * version, looks for the extcaps of all users, and the desktop entry that opens links.
 * @param {readonly Entry[]} files as of `listFiles`
 * @param {readonly string[]} extcapFolders
 * @returns {Promise<Entry[]>}
 */
export async function placeInSystem(files, extcapFolders) {
  const isPlaced = (/** @type {Entry} */ { name }) => ![...programs, 'install.sh'].includes(name)
  const start = (/** @type {string} */ name) => `#!/bin/sh\nexec ${home}/node ${home}/dist/${name}.cjs "$@"\n`
  const paths = { node: `${home}/node`, script: program }
  const { entryName, formatDesktopEntry, formatLauncher } = await loadFormats()
  const launcher = formatLauncher(paths, 'linux')
  const desktopEntry = {
    name: `./usr/share/applications/${entryName}`,
    content: Buffer.from(formatDesktopEntry(paths)),
    isProgram: false,
  }
  const script = (/** @type {string} */ name, /** @type {string} */ text) => ({
    name,
    content: Buffer.from(text),
    isProgram: true,
  })
  const copies = Object.entries(sharedFiles).flatMap(([name, target]) =>
    files.filter((entry) => entry.name === name).map((entry) => ({ ...entry, name: `./usr/share/${target}` })),
  )
  const license = files.find(({ name }) => name === 'LICENSE')
  return [
    ...files.filter(isPlaced).map((entry) => ({ ...entry, name: `.${home}/${entry.name}` })),
    ...(license === undefined ? [] : [{ ...license, name: './usr/share/doc/kcap/copyright' }]),
    ...copies,
    desktopEntry,
    ...programs.map((name) => script(`./usr/bin/${name}`, start(name))),
    ...extcapFolders.map((folder) => script(`.${folder}/kcap`, launcher)),
  ]
}

/** Returns the functions by which `kcap install` writes the launcher and the desktop entry. */
async function loadFormats() {
  const contents = `export { entryName, formatDesktopEntry } from './desktop-entry.ts'
export { formatLauncher } from './format-launcher.ts'`
  const formats = await loadSource(contents, 'src/install')
  return /** @type {typeof import('../src/install/desktop-entry.ts') & typeof import('../src/install/format-launcher.ts')} */ (
    formats
  )
}
