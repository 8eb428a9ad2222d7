import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { isBuiltin } from 'node:module'
import path from 'node:path'
import { build } from 'esbuild'
import { buildProgram, requireProgram } from './packaging/build-program.js'
import { formatLicenses, listBundledPackages } from './packaging/bundled-packages.js'
import { formatHelpPage } from './packaging/format-help-page.js'
import { makeSbom } from './packaging/sbom.js'
import { shellScripts } from './packaging/shell-module.js'

/** Folder of this build alone: what runs from dist meanwhile must not break, and several builds may run at once. */
const built = `dist-${process.pid}`
process.on('exit', () => rmSync(built, { recursive: true, force: true }))

/** Returns the commit of this checkout; undefined elsewhere. A package has no `.git`, and its own program already. */
function findCommit() {
  const git = (/** @type {string[]} */ ...argv) => spawnSync('git', argv, { encoding: 'utf8' })
  const { status, stdout } = git('rev-parse', '--short=12', 'HEAD')
  return status === 0 && existsSync('.git') ? stdout.trim() : undefined
}

const commit = findCommit()
/** @satisfies {import('esbuild').BuildOptions} */
const common = /** @type {const} */ ({
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  outdir: built,
  logLevel: 'warning',
  metafile: true,
  // `host/map-stack.ts` reads the source maps. No comment refers to them, so Node never reads them by itself.
  sourcemap: 'external',
  sourcesContent: false,
  define: commit === undefined ? {} : { kcapCommit: JSON.stringify(commit) },
})

/** CommonJS dependencies expect these; the first file that runs defines them for all. */
const commonJs = [
  "import { createRequire as __createRequire } from 'node:module'",
  'globalThis.require ??= __createRequire(import.meta.url)',
  'globalThis.__dirname ??= import.meta.dirname',
].join('\n')

/** Modules that main.ts loads to answer Wireshark, except those that it needs at once. */
const answers = {
  'private-folder': 'src/host/private-folder.ts',
  config: 'src/extcap/config.ts',
  dlts: 'src/extcap/dlts.ts',
}
/** Large modules that are rarely needed. Each is a file of its own next to the program. */
const rarities = {
  'proxy-agent': 'src/kube/proxy-agent.ts',
  'parse-settings': 'src/settings/parse-settings.ts',
}

/**
 * Returns which of these modules a dynamic import asks for; undefined: none. Each module is a file of its own next to the program.
 * @param {Record<string, string>} entries
 * @returns {(asked: import('esbuild').OnResolveArgs) => string | undefined}
 */
function makeFinder(entries) {
  const nameOf = new Map(Object.entries(entries).map(([name, file]) => [path.resolve(file), name]))
  return ({ path: file, kind, resolveDir }) =>
    kind === 'dynamic-import' ? nameOf.get(path.resolve(resolveDir, file)) : undefined
}

/**
 * Leaves dynamic imports of these modules to Node.
 * @param {Record<string, string>} entries
 * @returns {import('esbuild').Plugin}
 */
function keepApart(entries) {
  const find = makeFinder(entries)
  return {
    name: 'keep-apart',
    setup({ onResolve }) {
      onResolve({ filter: /\.ts$/ }, (asked) => {
        const name = find(asked)
        return name === undefined ? undefined : { path: `./${name}.js`, external: true }
      })
    },
  }
}

/**
 * Does the same for CommonJS modules, through `require`: an `import()` would make Node start its ES module loader first.
 * @param {Record<string, string>} entries
 * @returns {import('esbuild').Plugin}
 */
function requireApart(entries) {
  const find = makeFinder(entries)
  return {
    name: 'require-apart',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /\.ts$/ }, (asked) => {
        const name = find(asked)
        return name === undefined ? undefined : { path: `./${name}.cjs`, namespace: 'apart' }
      })
      onLoad({ filter: /./, namespace: 'apart' }, ({ path: file }) => ({
        contents: `module.exports = require(${JSON.stringify(file)})`,
      }))
      onResolve({ filter: /./, namespace: 'apart' }, ({ path: file }) => ({ path: file, external: true }))
    },
  }
}

/**
 * Loads the cipher code that npm has compiled for ssh2 from where `native-ciphers.ts` finds it, not from where Node would.
 * @type {import('esbuild').Plugin}
 */
const nativeCiphers = {
  name: 'native-ciphers',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/sshcrypto\.node$/ }, () => ({ path: 'sshcrypto', namespace: 'native-ciphers' }))
    onLoad({ filter: /./, namespace: 'native-ciphers' }, () => ({
      contents:
        "import { loadNativeCiphers } from './src/ssh/ssh2/native-ciphers.ts'\nmodule.exports = loadNativeCiphers()",
      resolveDir: path.resolve('.'),
    }))
  },
}

/**
 * Excludes optional packages, some with compiled code. Node would look for them in every folder above the program, where anybody may have
 * put them.
 * @type {import('esbuild').Plugin}
 */
const absentPackages = {
  name: 'absent-packages',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(cpu-features|bufferutil|utf-8-validate|encoding|supports-color)$/ }, ({ path }) => ({
      path,
      namespace: 'absent',
    }))
    onLoad({ filter: /./, namespace: 'absent' }, () => ({ contents: "throw new Error('it is not used')" }))
  },
}

// Wireshark waits for the list at its start, and a person waits for a completed word. Node takes 1 to 2 ms for each file and 15 ms for its ES module
// loader. So the code that answers from the cache is one CommonJS file, and the code that asks the clusters, or completes, is another.
const single = { interfaces: 'src/extcap/interfaces.ts', complete: 'src/completion/complete.ts' }
/** @satisfies {import('esbuild').BuildOptions} */
const commonJsFile = /** @type {const} */ ({ ...common, format: 'cjs', outExtension: { '.js': '.cjs' } })
const main = await build({
  ...commonJsFile,
  entryPoints: { kcap: 'src/main.ts' },
  banner: { js: '#!/usr/bin/env node' },
  plugins: [absentPackages, requireApart(single), requireProgram, keepApart(answers)],
})
const singles = await build({
  ...commonJsFile,
  entryPoints: single,
  plugins: [absentPackages, keepApart(rarities)],
})
const few = await build({
  ...common,
  entryPoints: { ...answers, ...rarities },
  banner: { js: commonJs },
  plugins: [absentPackages],
})
const { program, parts } = await buildProgram({
  common,
  commonJs,
  plugins: [absentPackages, nativeCiphers, shellScripts],
})
const metafiles = [main, singles, few, program, parts].map(({ metafile }) => metafile)
for (const metafile of metafiles) refuseForeignImports(metafile)
// From its name the program knows whether it runs as Wireshark's extcap or kubectl's plugin, whatever the names of the launchers.
const faces = {
  'kcap-extcap.cjs': '',
  'kubectl-kcap.cjs': '',
  'kubectl_complete-kcap.cjs': "process.argv.splice(2, 0, '--kcap-complete', 'kubectl')\n",
}
for (const [name, start] of Object.entries(faces))
  writeFileSync(`${built}/${name}`, `#!/usr/bin/env node\n${start}require('./kcap.cjs')\n`)
for (const name of ['kcap.cjs', ...Object.keys(faces)]) chmodSync(`${built}/${name}`, 0o755)

/**
 * Throws when an import is neither Node's own nor in the bundle: the program must not load code from where others may write.
 * @param {import('esbuild').Metafile} metafile
 */
function refuseForeignImports({ outputs }) {
  const foreign = Object.values(outputs).flatMap(({ imports }) =>
    imports
      .filter(({ path, external }) => external && !isBuiltin(path) && !/^\.\.?\//.test(path))
      .map(({ path }) => path),
  )
  if (foreign.length > 0) throw new Error(`these are not in the bundle: ${foreign.join(', ')}`)
}

/**
 * Returns the exports of a source file as it is now.
 * @param {string} file
 */
async function evaluate(file) {
  const {
    outputFiles: [output],
  } = await build({ ...common, entryPoints: [file], write: false, sourcemap: false })
  return await import(`data:text/javascript;base64,${Buffer.from(output?.contents ?? '').toString('base64')}`)
}

// The launcher contains the answers that are the same for everybody, so its version always matches the program.
const { constantAnswers } = await evaluate('src/extcap/constant-answers.ts')
/** @param {string} text */
const shellWord = (text) => `'${text.replaceAll("'", "'\\''")}'`
const launcher = readFileSync('launchers/launcher.sh', 'utf8').replace(/'@([a-z-]+)@'/g, (_mark, name) =>
  shellWord(constantAnswers[name]),
)
writeFileSync(`${built}/launcher.sh`, launcher)
const { formatManPage } = await evaluate('src/cli/man-page.ts')
writeFileSync(`${built}/kcap.1`, formatManPage())
writeFileSync(`${built}/wireshark.html`, formatHelpPage(readFileSync('docs/wireshark.md', 'utf8')))
const scripts = ['kcap.bash', 'kcap.fish', 'kcap.zsh'].map((name) => `completion/${name}`)
for (const file of scripts) cpSync(`src/${file}`, `${built}/${file}`)

const packages = listBundledPackages(metafiles)
writeFileSync(`${built}/THIRD-PARTY-LICENSES.txt`, formatLicenses(packages))
const sbom = makeSbom(JSON.parse(readFileSync('package.json', 'utf8')), packages)
writeFileSync(`${built}/sbom.cdx.json`, `${JSON.stringify(sbom, undefined, 1)}\n`)

/**
 * Returns the paths of all files below a folder, relative to it.
 * @param {string} folder
 */
function listFiles(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
}

// Replaces only the files that differ, each at once, and removes stale ones last.
const names = listFiles(built)
for (const name of names) {
  const [from, to] = [path.join(built, name), path.join('dist', name)]
  if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) continue
  mkdirSync(path.dirname(to), { recursive: true })
  renameSync(from, to)
}
for (const name of listFiles('dist')) if (!names.includes(name)) rmSync(path.join('dist', name), { force: true })
