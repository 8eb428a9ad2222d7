import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatInsertion, splitShellLine } from '../../src/completion/shell-line.ts'

/** Default word breaks of bash. */
const breaks = ' \t\n"\'@><=;|&(:'
const split = (line: string) => splitShellLine(line, breaks)
const insert = (line: string, value: string) => formatInsertion(value, split(line))

describe('splitting a bash line up to the cursor', () => {
  test.each([
    ['kcap ', ['kcap'], ''],
    ['kcap prod/or', ['kcap'], 'prod/or'],
    ["kcap --context 'a b' -n x", ['kcap', '--context', 'a b', '-n'], 'x'],
    ['kcap a\\ b "c d', ['kcap', 'a b'], 'c d'],
    ['kcap "a\\$b\\c" ""', ['kcap', 'a$b\\c'], ''],
    ['kcap $(reboot) `x` $HOME', ['kcap', '$(reboot)', '`x`'], '$HOME'],
    ["kcap '' x", ['kcap', ''], 'x'],
  ])('of %j returns these words, and expands nothing', (line, words, current) => {
    expect(split(line)).toMatchObject({ words, current })
  })
})

describe('the text that readline inserts', () => {
  test.each([
    ['kcap prod/or', 'prod/orders', 'prod/orders'],
    ['kcap --context=ar', '--context=arn:aws', 'arn:aws'],
    ['kcap --context arn:a', 'arn:aws', 'aws'],
    ['kcap ssh://root@h', 'ssh://root@host', 'host'],
    ['kcap --context a\\ b', "a b's", "'a b'\\''s'"],
    ["kcap --context 'a b", 'a b c', 'a b c'],
    ["kcap --context 'a b", "a b's", undefined],
    ['kcap --context "a b', 'a b$(x)', undefined],
    ['kcap x', 'y', undefined],
  ])('after %j, of %j', (line, value, text) => {
    expect(insert(line, value)).toBe(text)
  })

  test('makes bash read the whole name as one word, whatever it contains', () => {
    const name = fc.string({
      unit: fc.constantFrom(...'ab1 =:@\'"\\$`!~*(){}[]<>|&;#%^,/-'),
      minLength: 1,
      maxLength: 12,
    })
    fc.assert(
      fc.property(name, fc.nat(12), (value, length) => {
        const typed = value.slice(0, length).replace(/[^a-z0-9=:@/-]/g, (character) => `\\${character}`)
        const { kept } = split(`kcap ${typed}`)
        const inserted = insert(`kcap ${typed}`, value)
        fc.pre(inserted !== undefined)
        // The text that readline keeps is plain or escaped by a backslash, so that it reads the same when it is quoted again.
        const line = `'${value.slice(0, kept).replaceAll("'", "'\\''")}'${inserted}`
        expect(execFileSync('sh', ['-c', `printf %s ${line}`], { encoding: 'utf8' })).toBe(value)
      }),
      { numRuns: 60 },
    )
  })
})
