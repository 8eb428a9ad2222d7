import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { exitCodeOf } from '../../src/base/error-codes.ts'
import { version } from '../../src/base/version.ts'
import { formatOption } from '../../src/cli/help.ts'
import { formatManPage } from '../../src/cli/man-page.ts'
import { formatOptionsPage } from '../../src/cli/options-page.ts'
import { commands, findCommand } from '../../src/request/command-table.ts'
import { optionTable } from '../../src/request/option-table.ts'
import { hasPrograms } from '../support/has-program.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const read = (file: string) => readFileSync(file, 'utf8')

test('the version equals that of package.json', () => {
  expect(version).toBe((JSON.parse(read('package.json')) as { version: string }).version)
})

test('dependencies are pinned to exact versions', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, wanted]) => !/^\d+\.\d+\.\d+$/.test(wanted),
  )
  expect(loose).toEqual([])
})

test('src throws every error code, and a test names it', () => {
  const tests = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.test\.ts$/.test(file) && !file.startsWith('gates'),
  )
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('error-codes.ts'),
  )
  const tested = tests.map((file) => read(path.join('test', file))).join('\n')
  const thrown = sources.map((file) => read(path.join('src', file))).join('\n')
  const codes = Object.keys(exitCodeOf)
  expect(codes.filter((code) => !thrown.includes(`'${code}'`))).toEqual([])
  expect(codes.filter((code) => !tested.includes(`'${code}'`))).toEqual([])
})

test('SECURITY.md names only files that exist', () => {
  const named = [...read('SECURITY.md').matchAll(/`(test\/[\w/.-]+)`/g)].map(([, file = '']) => file)
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((file) => !existsSync(file))).toEqual([])
})

test('docs/options.md equals the table of options; vitest -u writes it', async () => {
  await expect(formatOptionsPage()).toMatchFileSnapshot(path.resolve('docs/options.md'))
})

/** Anchors that GitHub makes of a page's headings. */
function anchorsOf(page: string): string[] {
  const headings = [
    ...read(page)
      .replaceAll(/^```.*?^```/gms, '')
      .matchAll(/^#+ (.*)$/gm),
  ]
  return headings.map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('links between the documents lead to existing files and headings', () => {
  const pages = [...readdirSync('.'), ...readdirSync('docs').map((name) => `docs/${name}`)]
  const broken = pages
    .filter((page) => page.endsWith('.md'))
    .flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)]
        .map(([, link = '', anchor]) => ({ file: link === '' ? page : path.join(path.dirname(page), link), anchor }))
        .filter(({ file, anchor }) => !existsSync(file) || (anchor !== undefined && !anchorsOf(file).includes(anchor)))
        .map(({ file, anchor }) => `${page}: ${file}#${anchor ?? ''}`),
    )
  expect(broken).toEqual([])
})

test('the man page names each command and each option', () => {
  const page = formatManPage()
  const named = [...page.matchAll(/^\.TP\n\.B (.*(?:\\-){2}.*)$/gm)].map(([, option = '']) =>
    option.replaceAll('\\-', '-').replaceAll('\\[u2026]', '…'),
  )
  const ofCommands = commands.flatMap((command) => findCommand(command).options ?? [])
  expect(named).toEqual(expect.arrayContaining([...optionTable, ...ofCommands].map(formatOption)))
  for (const command of commands) expect(page).toContain(`.SS "kcap ${command}"`)
})

test.skipIf(!hasPrograms('man', 'groff'))('man and groff accept the man page without a warning', async () => {
  const folder = await makeTempFolder()
  const file = path.join(folder, 'kcap.1')
  writeFileSync(file, formatManPage())
  const shown = spawnSync('man', ['--warnings', '-l', file], {
    encoding: 'utf8',
    env: { ...process.env, MANWIDTH: '80' },
  })
  expect([shown.status, shown.stderr]).toEqual([0, ''])
  expect(shown.stdout).toMatch(/^KCAP\(1\)/)
  const set = spawnSync('groff', ['-ww', '-Tutf8', '-man', file], { encoding: 'utf8' })
  expect([set.status, set.stderr]).toEqual([0, ''])
})

test('no signal of AbortSignal.timeout is in AbortSignal.any: Node 20 collects it as garbage, and the time limit is gone', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const faulty = sources.filter((file) =>
    /AbortSignal\.any\([^)]*AbortSignal\.timeout/s.test(read(path.join('src', file))),
  )
  expect(faulty).toEqual([])
})
