import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { type FoundText, findProse, findSourceTexts, findTestNames, splitName } from './find-texts.ts'
import { nameRules, openingRules, type WordRule, wordRules } from './word-table.ts'

/** Files that have to quote the words they forbid. */
const tables = ['test/gates/word-table.ts', 'test/gates/words.test.ts', 'test/gates/find-texts.ts']
const builtFolders = ['node_modules', 'dist', 'out', '.git']
const files = readdirSync('.', { withFileTypes: true })
  .filter(({ name }) => !builtFolders.includes(name))
  .flatMap((entry) =>
    entry.isDirectory()
      ? readdirSync(entry.name, { recursive: true, withFileTypes: true }).map((below) => ({
          isFile: below.isFile(),
          file: path.join(below.parentPath, below.name).replaceAll(path.sep, '/'),
        }))
      : { isFile: entry.isFile(), file: entry.name },
  )
  .filter(({ isFile, file }) => isFile && !tables.includes(file))
  .map(({ file }) => file)
const sources = files.filter((file) => /^src\/.*\.ts$/.test(file))
const buildFiles = files.filter((file) => /^(build\.js|vitest\.config\.ts|packaging\/.*\.js)$/.test(file))
const testFiles = files.filter((file) => /^test\/.*\.[tj]s$/.test(file))
const scripts = files.filter(
  (file) => /^(launchers|installers|\.ci)\/|\.(sh|ps1|bash|zsh|fish|ya?ml)$/.test(file) && !file.startsWith('docs/'),
)
const documents = files.filter((file) => file.endsWith('.md'))

const read = (file: string) => readFileSync(file, 'utf8')

/** Returns a line for each breach: file, line, the word found, and what to write instead. */
function check(file: string, texts: readonly FoundText[], rules: readonly WordRule[] = wordRules): string[] {
  return texts.flatMap(({ line, kind, text }) => {
    // Code within prose has names of its own.
    const prose = kind === 'string' ? text.replace(/^\.{1,2}\/.*/, '') : text.replaceAll(/`[^`]*`/g, '…')
    return rules.flatMap(({ pattern, instead }) => {
      const found = pattern.exec(prose)?.[0]
      return found === undefined ? [] : [`${file}:${line}: ${kind}: "${found}": ${instead}`]
    })
  })
}

/** Returns the messages of the errors that a source file makes. */
function findErrorMessages(source: string): { line: number; text: string }[] {
  return [...source.matchAll(/new KcapError\(\s*(?:'[\w-]+'|\w+),\s*(?:'((?:\\.|[^'\\])*)'|`((?:\\.|[^`\\])*)`)/g)].map(
    (match) => ({ line: source.slice(0, match.index).split('\n').length, text: match[1] ?? match[2] ?? '' }),
  )
}

/** `cannot <do> "<what>": <state>`, without a full stop; `what` may be a variable that begins with `cannot`. */
const errorForm = /^(?:cannot (?:[a-z-]+|\$\{[\w.]*verb\})(?: .+)?|\$\{what\}): .*[^.]$/s
/** Messages of another form. */
const otherForms = [
  // A fault in kcap has no action that failed.
  /^unexpected error: /,
  // Findings that kcap doctor prints as a state, not as a failed action.
  /^there is no \$\{captureTools/,
  /^user \$\{userId/,
]

describe('the checker', () => {
  test.each([
    ['// The far side ends.', ['x.ts:1: comment: "far side": remote host, remote side or target']],
    ['// It was tried in the same way, on the way.', []],
    ['\n/** The pod is\n * told nothing. */', ['x.ts:2: doc comment: "is told": report, print or show']],
    ['// The pod is\n// told nothing.', ['x.ts:1: comment: "is told": report, print or show']],
    ['/** Calls `tell` for an event. */', []],
    ['throw fail(`it can not read`)', ['x.ts:1: string: "can not": cannot']],
    ['const ways = /far side/.test(text)', []],
    ["import { x } from './ending.ts'", []],
  ])('finds in %j the breaches %j', (source, breaches) => {
    expect(check('x.ts', findSourceTexts(source))).toEqual(breaches)
  })

  test.each([
    ["test('a far side', () => {})", ['a far side']],
    ["  test.each(['tcp) or (udp'])('rejects %s', async () => {})", ['rejects %s']],
    ["realTest.skipIf(a(b(c))).each([\n  ['x', f('y')],\n])(\n  'takes %s', () => {})", ['takes %s']],
    ['describe(`on a name`, () => {})', ['on a name']],
    ["test.each<[string, number]>([['a', 1]])('on %s', () => {})", ['on %s']],
    ["expect(test).toBe('far side')", []],
  ])('finds in %j the test names %j', (source, names) => {
    expect(findTestNames(source).map(({ text }) => text)).toEqual(names)
  })

  test.each([
    ['Of the pods the first.', 'Of'],
    ['Gives the first pod.', 'Gives'],
    ['Returns the first of the pods.', undefined],
  ])('finds in the doc comment %j the opening %j', (text, opening) => {
    const breaches = check('x.ts', [{ line: 1, kind: 'doc comment', text }], openingRules)
    expect(breaches.map((breach) => /"(.*)"/.exec(breach)?.[1])).toEqual(opening === undefined ? [] : [opening])
  })

  test.each([
    ['goAround', 'around'],
    ['src/kube/pod-news.ts', 'news'],
    ['spokenOption', 'spoken'],
    ['markSeldom', 'seldom'],
    ['turns.ts', 'turns'],
    ['takeListing', 'take listing'],
    ['makeEnding', 'ending'],
    ['resumeCapture', undefined],
  ])('finds in the name %j the word %j', (name, word) => {
    const [rule] = nameRules.flatMap(({ pattern }) => pattern.exec(splitName(name)) ?? [])
    expect(rule).toBe(word)
  })

  test.each([
    ["new KcapError('usage', 'cannot use --port: it needs a value', {})", true],
    ['new KcapError(code, `cannot read "x": no such file`, {})', true],
    ["new KcapError('usage', 'the file is gone')", false],
    ["new KcapError('usage', 'cannot read the file')", false],
    ["new KcapError('usage', 'cannot read it: it is gone.')", false],
  ])('judges the form of %s: %s', (source, isRight) => {
    expect(findErrorMessages(source).map(({ text }) => errorForm.test(text))).toEqual([isRight])
  })
})

test('comments and texts of src use the words of the project', () => {
  expect(sources.length).toBeGreaterThan(300)
  expect(sources.flatMap((file) => check(file, findSourceTexts(read(file))))).toEqual([])
})

test('doc comments of src and the tests begin with their subject', () => {
  const openings = [...sources, ...testFiles].flatMap((file) => {
    const comments = findSourceTexts(read(file)).filter(({ kind }) => kind === 'doc comment')
    return check(file, comments, openingRules)
  })
  expect(openings).toEqual([])
})

test('comments of the build, the packaging and the tests use the words of the project', () => {
  const breaches = [...buildFiles, ...testFiles].flatMap((file) => {
    const comments = findSourceTexts(read(file)).filter(({ kind }) => kind !== 'string')
    return check(file, comments)
  })
  expect(breaches).toEqual([])
})

test('documents use the words of the project', () => {
  expect(documents).toContain('README.md')
  expect(documents.flatMap((file) => check(file, findProse(read(file))))).toEqual([])
})

test('scripts, launchers and installers use the words of the project', () => {
  expect(scripts).toContain('launchers/launcher.sh')
  expect(scripts.flatMap((file) => check(file, findProse(read(file))))).toEqual([])
})

test('test names use the words of the project', () => {
  const names = testFiles.flatMap((file) => findTestNames(read(file)).map((name) => ({ file, name })))
  expect(names.length).toBeGreaterThan(1_000)
  expect(names.flatMap(({ file, name }) => check(file, [name]))).toEqual([])
})

test('names of files and exports use the words of the project', () => {
  const named = files.filter((file) => /\.(ts|js|sh)$/.test(file))
  const breaches = named.flatMap((file) => {
    const exports = /^src\/.*\.ts$/.test(file)
      ? [...read(file).matchAll(/^export (?:async )?(?:const|function\*?|class|interface|type|enum) (\w+)/gm)]
      : []
    return [path.basename(file), ...exports.map(([, name = '']) => name)].flatMap((name) =>
      nameRules
        .filter(({ pattern }) => pattern.test(splitName(name)))
        .map(({ instead }) => `${file}: ${name}: ${instead}`),
    )
  })
  expect(breaches).toEqual([])
})

test('error messages have the form: cannot <do> "<what>": <state>', () => {
  const messages = sources.flatMap((file) => findErrorMessages(read(file)).map((message) => ({ file, ...message })))
  expect(messages.length).toBeGreaterThan(100)
  const wrong = messages.filter(({ text }) => ![errorForm, ...otherForms].some((form) => form.test(text)))
  expect(wrong.map(({ file, line, text }) => `${file}:${line}: ${text}`)).toEqual([])
})
