import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { contextWords, fileWord, formatHint, line, noted } from '../../src/base/hint.ts'
import { inContext, KcapError } from '../../src/base/kcap-error.ts'
import { anyCharacter } from '../support/any-character.ts'
import { shells } from '../support/shells.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()
for (const program of ['kubectl', 'kcap', 'ssh']) {
  writeFileSync(path.join(folder, program), `#!/bin/sh\nprintf "%s\\0" ${program} "$@"\n`)
  chmodSync(path.join(folder, program), 0o755)
}

const endOfLine = 'the line has ended'

/** Pastes lines into a shell whose PATH has only stand-ins, and returns what each starts. */
function paste(lines: readonly string[], [shell = '', ...words]: readonly string[]): string[][] {
  const text = lines.map((one) => `${one}\nprintf '%s\\0' '${endOfLine}'\n`).join('')
  const said = execFileSync(shell, [...words, '-c', text], {
    cwd: folder,
    env: { PATH: `${folder}:${process.env.PATH}`, HOME: folder },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return said
    .split(`${endOfLine}\0`)
    .slice(0, -1)
    .map((one) => one.split('\0').slice(0, -1))
}

const hostileWords = [
  'oidc:ann smith',
  "O'Brien",
  '$(touch pwned)',
  '`touch pwned`',
  ';touch pwned;',
  '&&',
  '> pwned',
  '"',
  '\\',
  'a\\nb',
  '~',
  '*',
  '#',
  '!!',
  '',
  '\u001b[31mred',
  'tab\there',
  'line\nbreak',
  '%s%n',
  '\u202egpj.exe',
  'ä€😀',
  '-rf',
  '--help',
  'a=b',
]

const argvWith = (word: string) => ['kubectl', 'get', 'pods', '-n', word, `--as=${word}`] as const

describe.each(shells)('a pasted line in %s', (...shell) => {
  // One shell for all of them: starting shells took most of the time.
  let started: string[][]
  beforeAll(() => {
    const lines = hostileWords.map((word) => formatHint(line(...argvWith(word))) ?? '')
    started = paste(lines, shell)
  })
  test.each(hostileWords)('starts the intended program although a word is %j', (word) => {
    expect(started[hostileWords.indexOf(word)]).toEqual(argvWith(word))
  })

  test('starts the intended program for any words', () => {
    const word = fc.oneof(
      fc.constantFrom(...hostileWords),
      fc.string({ unit: fc.constantFrom(...'\'"\\$`!\n\t%~*-{}()|&;<>#=^ 01nabc[]\u0007\u200f') }),
    )
    const someWords = fc.array(word, { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(fc.array(someWords, { minLength: 12, maxLength: 12 }), (many) => {
        const lines = many.flatMap((words) => {
          const text = formatHint(line('kcap', ...words))
          if (text === undefined) expect(words.some((one) => /\n$|\0/.test(one))).toBe(true)
          return text === undefined ? [] : [{ text, argv: ['kcap', ...words] }]
        })
        const texts = lines.map(({ text }) => text)
        expect(paste(texts, shell)).toEqual(lines.map(({ argv }) => argv))
      }),
      { numRuns: 5 },
    )
  })
})

test('a hint line shows every character to a person', () => {
  const word = fc.string({ unit: anyCharacter, maxLength: 20 })
  fc.assert(
    fc.property(word, (one) => {
      expect(formatHint(line('kcap', one)) ?? '').not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    }),
  )
})

test('a hint line names the cluster that the failed command asked, unless it names one already', () => {
  const scope = { kubeconfig: '/a b', context: 'prod' }
  expect(formatHint(line('kubectl', 'exec', 'x', '--', 'ls'), scope)).toBe(
    "kubectl --kubeconfig '/a b' --context prod exec x -- ls",
  )
  expect(formatHint(line('kcap', 'list', 'pods'), scope)).toBe("kcap list pods --kubeconfig '/a b' --context prod")
  expect(formatHint(line('kubectl', ...contextWords('-x'), 'get', 'pods'), scope)).toBe(
    "kubectl --kubeconfig '/a b' --context=-x get pods",
  )
  expect(formatHint(line('ssh', 'host'), scope)).toBe('ssh host')
  expect(formatHint(line('--via', 'exec'), scope)).toBe('--via exec')
})

test('a hint puts its sentence before its line, and pipes and additions after the line', () => {
  expect(formatHint('a sentence')).toBe('a sentence')
  expect(formatHint(noted('what is there', line('ls', '-l', fileWord('-x'))))).toBe('what is there: ls -l ./-x')
  expect(formatHint({ ...line('ssh-keyscan', 'a b'), appendTo: '~/.ssh/known_hosts' })).toBe(
    "ssh-keyscan 'a b' >> ~/.ssh/known_hosts",
  )
  expect(formatHint({ ...line('x'), tail: '</dev/null' })).toBe('x </dev/null')
})

test('a line with a word that no shell line can hold becomes no hint line', () => {
  expect(formatHint(line('kubectl', 'use', 'ends with a line break\n'))).toBe(undefined)
  expect(formatHint(line('kubectl', 'use', 'nul\0'))).toBe(undefined)
})

test('hint lines begin with the command that started kcap', () => {
  const scope = { context: 'prod', programWords: ['kubectl', 'kcap'] }
  expect(formatHint(line('kcap', 'list', 'pods'), scope)).toBe('kubectl kcap list pods --context prod')
  expect(formatHint('a pod: kcap NAMESPACE/POD', scope)).toBe('a pod: kubectl kcap NAMESPACE/POD')
  expect(formatHint('run kcap as root', scope)).toBe('run kcap as root')
  expect(formatHint(line('kubectl', 'get', 'pods'), scope)).toBe('kubectl --context prod get pods')
})

test('hints of an error in a chosen context name the context, unless they name one already', () => {
  const hints = [line('kcap', 'doctor', 'shop/web'), line('kubectl', 'get', 'pods', '--context', 'a'), 'log in again']
  const error = inContext(new KcapError('no-target', 'cannot capture', { hints }), 'b')
  expect(error).toMatchObject({
    hints: ['kcap doctor shop/web --context b', 'kubectl get pods --context a', 'log in again'],
    code: 'no-target',
  })
})
