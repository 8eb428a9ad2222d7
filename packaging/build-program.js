import { createRequire } from 'node:module'
import path from 'node:path'
import { build } from 'esbuild'

/**
 * Captures and lists are one CommonJS file: with fifty ES modules, loading took Node longer than kcap spent on the cluster. Each module in the
 * file runs when it is first required. Code that few captures need is in ES modules in `chunks`, which import from that file the modules that
 * it contains, so that every module exists once.
 */
const faces = ['src/cli/run-cli.ts', 'src/extcap/capture.ts', 'src/extcap/filter.ts', 'src/extcap/reload.ts']
/** Modules that the program loads dynamically from its own file. */
const inside = [
  'src/cli/capture-command.ts',
  'src/cli/list-command.ts',
  'src/kube/credential-plugin.ts',
  'src/session/list-target-interfaces.ts',
]

/** @param {string} file */
const nameOf = (file) => path.relative('.', file).replaceAll(path.sep, '/')

/**
 * Loads the program's interfaces from its file.
 * @type {import('esbuild').Plugin}
 */
export const requireProgram = {
  name: 'require-program',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.ts$/ }, ({ path: file, kind, resolveDir }) => {
      const name = nameOf(path.resolve(resolveDir, file))
      return kind === 'dynamic-import' && faces.includes(name) ? { path: name, namespace: 'program-face' } : undefined
    })
    onLoad({ filter: /./, namespace: 'program-face' }, ({ path: name }) => ({
      contents: `module.exports = require('./program.cjs')[${JSON.stringify(name)}]`,
    }))
    onResolve({ filter: /^\.\/program\.cjs$/, namespace: 'program-face' }, ({ path }) => ({ path, external: true }))
  },
}

/**
 * Moves dynamically imported modules to files in `chunks`, and records them in `found`.
 * @param {Map<string, string>} found
 * @returns {import('esbuild').Plugin}
 */
function partFrom(found) {
  return {
    name: 'part-from-program',
    setup({ onResolve, resolve }) {
      onResolve({ filter: /./ }, async ({ path: asked, kind, resolveDir, importer, pluginData }) => {
        if (kind !== 'dynamic-import' || pluginData === 'resolved') return undefined
        const { path: file } = await resolve(asked, { kind, resolveDir, importer, pluginData: 'resolved' })
        if (inside.includes(nameOf(file))) return undefined
        const name = path.basename(asked, '.ts')
        found.set(name, file)
        return { path: `./chunks/${name}.js`, external: true }
      })
    },
  }
}

/**
 * Imports the modules that the program's file contains from that file.
 * @param {Record<string, object>} modules
 * @returns {import('esbuild').Plugin}
 */
function takeFromProgram(modules) {
  return {
    name: 'take-from-program',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\..*\.ts$/ }, ({ path: asked, resolveDir, kind }) => {
        const name = nameOf(path.resolve(resolveDir, asked))
        return kind !== 'entry-point' && name in modules ? { path: name, namespace: 'program' } : undefined
      })
      onResolve({ filter: /^program$/, namespace: 'program' }, () => ({ path: '.', namespace: 'program' }))
      onLoad({ filter: /./, namespace: 'program' }, ({ path: name }) => ({
        contents:
          name === '.'
            ? "import { createRequire } from 'node:module'\nexport default createRequire(import.meta.url)('../program.cjs')"
            : `import program from 'program'\nexport const { ${Object.keys(modules[name] ?? {}).join(', ')} } = program[${JSON.stringify(name)}]`,
      }))
    },
  }
}

/**
 * Builds `program.cjs` and the files in `chunks` that it loads.
 * @param {{
 *   common: Omit<import('esbuild').BuildOptions, 'outfile'> & { readonly outdir: string, readonly metafile: true },
 *   commonJs: string,
 *   plugins: import('esbuild').Plugin[],
 * }} options
 */
export async function buildProgram({ common, commonJs, plugins }) {
  /** @type {Map<string, string>} */
  const found = new Map()
  /** @param {readonly string[]} names */
  const bundle = (names) => {
    const members = names.map((name) => `get ${JSON.stringify(name)}() { return require('./${name}') }`)
    const stdin = { contents: `module.exports = { ${members.join(',\n')} }`, resolveDir: path.resolve('.') }
    const { outdir, ...others } = common
    const outfile = `${outdir}/program.cjs`
    return build({ ...others, format: 'cjs', outfile, stdin, plugins: [...plugins, partFrom(found)] })
  }
  const { metafile } = await bundle(faces)
  const names = Object.keys(metafile.inputs).filter((name) => /^src\/.*\.ts$/.test(name))
  const program = await bundle(names)
  const modules = createRequire(import.meta.url)(path.resolve(common.outdir, 'program.cjs'))
  const parts = await build({
    ...common,
    // Sorted, because esbuild finds them in any order, and two builds must have the same bytes.
    entryPoints: Object.fromEntries([...found].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    outdir: `${common.outdir}/chunks`,
    splitting: true,
    // The ES modules of the AWS SDK, of which only the used parts are bundled.
    mainFields: ['module', 'main'],
    banner: { js: commonJs },
    plugins: [...plugins, takeFromProgram(modules)],
  })
  return { program, parts }
}
