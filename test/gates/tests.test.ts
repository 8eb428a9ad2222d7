import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { build, transformSync } from 'esbuild'
import { expect, test } from 'vitest'

/** Folders whose modules have tests of their own name: what runs a capture. */
const folders = ['session', 'route', 'capture', 'kube']

interface Module {
  readonly file: string
  /** Test of the module's own name. */
  readonly ownTest: string
  /** Tests that the module names as those which run it. */
  readonly namedTests: readonly string[]
}

const read = (file: string) => readFileSync(file, 'utf8')
const testsNamedIn = (text: string) =>
  [...text.matchAll(/Tested by (test\/\S+\.test\.ts)/g)].map(([, file = '']) => file)

/** Reports whether a file has anything to run: without its types a file of types is empty, or has constants alone. */
function hasCode(file: string): boolean {
  return /\bfunction\b|=>/.test(transformSync(read(file), { loader: 'ts' }).code)
}

const modules: Module[] = folders
  .flatMap((folder) => readdirSync(path.join('src', folder)).map((name) => path.join(folder, name)))
  .filter((name) => name.endsWith('.ts') && hasCode(path.join('src', name)))
  .map((name) => {
    const file = path.join('src', name)
    return { file, ownTest: path.join('test', name.replace(/\.ts$/, '.test.ts')), namedTests: testsNamedIn(read(file)) }
  })

/** Returns a function that lists the files which a test imports, and what those import. Imports of types are not among them. */
async function readImports(tests: readonly string[]): Promise<(name: string) => Set<string>> {
  const { metafile } = await build({
    entryPoints: [...tests],
    bundle: true,
    splitting: true,
    write: false,
    outdir: 'unused',
    platform: 'node',
    format: 'esm',
    packages: 'external',
    loader: { '.sh': 'empty' },
    metafile: true,
    logLevel: 'silent',
  })
  return (name) => {
    const found = new Set([name])
    // A set that grows is walked to its end.
    for (const file of found) for (const { path: next } of metafile.inputs[file]?.imports ?? []) found.add(next)
    return found
  }
}

test('every module has a test of its own name, or names the test that runs it', () => {
  expect(modules.length).toBeGreaterThan(100)
  const untested = modules.filter(({ ownTest, namedTests }) => !existsSync(ownTest) && namedTests.length === 0)
  expect(untested.map(({ file }) => file)).toEqual([])
})

test('a module with a test of its own name names no other', () => {
  const both = modules.filter(({ ownTest, namedTests }) => existsSync(ownTest) && namedTests.length > 0)
  expect(both.map(({ file }) => file)).toEqual([])
})

test('each test of a module runs it: it imports the module, or the whole program', async () => {
  const pairs = modules.flatMap(({ file, ownTest, namedTests }) =>
    [...(existsSync(ownTest) ? [ownTest] : []), ...namedTests].map((name) => ({ file, name })),
  )
  const missing = pairs.filter(({ name }) => !existsSync(name))
  expect(missing.map(({ file, name }) => `${file}: there is no ${name}`)).toEqual([])
  const importedBy = await readImports([...new Set(pairs.map(({ name }) => name))])
  const wrong = pairs.filter(({ file, name }) => {
    const imported = importedBy(name)
    return !imported.has(file) && !imported.has('test/support/run-kcap.ts')
  })
  expect(wrong.map(({ file, name }) => `${name} does not run ${file}`)).toEqual([])
})
