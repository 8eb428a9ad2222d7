import { execFileSync, spawn } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  encodeForLoginShell,
  lacksShell,
  loginShellLine,
  loginShellMark,
  pathlessShellLine,
} from '../../src/remote/login-shell.ts'
import { shells } from '../support/shells.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

/** Login shells of accounts, and the ones installed here. */
const loginShells: readonly (readonly string[])[] = [
  ...shells,
  ...['zsh', 'ksh', 'fish', 'csh', 'tcsh'].filter(hasPrograms).map((program) => [program]),
]

function hasPrograms(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`])
    return true
  } catch {
    return false
  }
}

const home = await makeTempFolder()

/** Runs a shell as sshd starts that of an account; text after the first line is for the program. */
async function runIn(
  [shell = '', ...words]: readonly string[],
  argv: readonly string[],
  { input = '', shellLine = loginShellLine, PATH = process.env.PATH } = {},
): Promise<string> {
  // A home without anything that a shell reads: bash takes a socket as standard input for a login from afar.
  const env = { ...process.env, PATH, HOME: home }
  const program = execFileSync('sh', ['-c', `command -v ${shell}`], { encoding: 'utf8' }).trim()
  const child = spawn(program, [...words, '-c', shellLine], { stdio: ['pipe', 'pipe', 'pipe'], env })
  let said = ''
  for (const output of [child.stdout, child.stderr])
    output.on('data', (chunk) => {
      said += chunk
    })
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.stdin.on('error', () => {}).end(encodeForLoginShell(argv, shellLine) + input)
  await ended
  return said
}

/** Prints each of its words between brackets, then what is on standard input. */
const showWords = 'for word; do printf "[%s]" "$word"; done; cat'

const hostileWords = [
  "';touch /tmp/pwned;'",
  '$(touch /tmp/pwned)',
  '`touch /tmp/pwned`',
  '!!',
  '!$',
  '\\',
  "\\'",
  '\\n\\0101\\c',
  'line\nline',
  '%s%n',
  '~root',
  '*',
  '-n',
  '{a,b}',
  'ä€😀',
  '',
  '"',
  ';|&<>()',
  '#x',
  '=ls',
  '%1',
  '^a^b',
  '\t \r',
]

describe.each(loginShells)('a login shell that is %s', (...shell) => {
  test('runs an argv unchanged, and leaves standard input to it', async () => {
    const said = await runIn(shell, ['sh', '-c', showWords, 'sh', ...hostileWords], { input: 'h\nq\n' })
    expect(said).toBe(`${loginShellMark}${hostileWords.map((word) => `[${word}]`).join('')}h\nq\n`)
  })

  test('runs any argv unchanged', async () => {
    const word = fc.string({ unit: fc.constantFrom(...'\'"\\$`!\n%~*-{}()|&;<>#=^ \t01nabc[]') })
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 20 }), async (words) => {
        expect(await runIn(shell, ['sh', '-c', showWords, 'sh', ...words])).toBe(
          loginShellMark + words.map((one) => `[${one}]`).join(''),
        )
      }),
      { numRuns: 20 },
    )
  })

  test('reports that PATH has no sh, and still runs an argv with /bin/sh', async () => {
    const lines = (await runIn(shell, ['sh', '-c', 'echo it runs'], { PATH: '/none' })).split('\n')
    // busybox ash has its own sh.
    if (lines[1] === 'it runs') return
    expect(lacksShell(lines), lines.join('\n')).toBe(true)
    const run = await runIn(shell, ['sh', '-c', 'echo it runs'], {
      PATH: '/none',
      shellLine: pathlessShellLine,
    })
    expect(run).toBe(`${loginShellMark}it runs\n`)
  })
})

test('the login line has only characters that all these shells read alike', () => {
  expect(loginShellLine).not.toMatch(/[\\!\n]/)
  expect(loginShellLine).toMatch(/^sh -c '[^']*'$/)
  expect(encodeForLoginShell(['a\nb', '\\'], loginShellLine)).toMatch(/; exec 'a\\nb' '\\\\'\n$/)
  expect(encodeForLoginShell(['a'], loginShellLine)).not.toContain(loginShellMark.trim())
})
