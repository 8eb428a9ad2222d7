import { describe, expect, test } from 'vitest'
import { addDefaultPrograms, findDefaultProgram, removeDefaultPrograms } from '../../src/install/default-programs.ts'

const types = ['x-scheme-handler/kcap', 'x-scheme-handler/kcaps']
const entry = 'kcap-open.desktop'
const own = types.map((type) => `${type}=${entry}\n`).join('')
const add = (text: string) => addDefaultPrograms(text, types, entry)
const remove = (text: string) => removeDefaultPrograms(text, types, entry)

const others = `# mine
[Added Associations]
text/html=firefox.desktop;
x-scheme-handler/kcap=other.desktop;

[Default Applications]
text/html = firefox.desktop
x-scheme-handler/http=firefox.desktop;chromium.desktop;

[Removed Associations]
text/html=gimp.desktop;
`

describe('the default programs of a mimeapps.list', () => {
  test.each([
    ['an empty file', '', `[Default Applications]\n${own}`],
    [
      'another section only',
      '[Added Associations]\na=b;\n',
      `[Added Associations]\na=b;\n\n[Default Applications]\n${own}`,
    ],
    ['other programs', others, others.replace('[Default Applications]\n', `[Default Applications]\n${own}`)],
    ['Windows line ends', 'a\r\n[Default Applications]\r\nb=c\r\n', `a\r\n[Default Applications]\r\n${own}b=c\r\n`],
    ['a last line without end', '[Default Applications]\nb=c', `[Default Applications]\n${own}b=c`],
  ])('get kcap in %s, and lose it without a trace', (_name, before, after) => {
    expect(add(before)).toBe(after)
    expect(add(after)).toBe(after)
    expect(types.map((type) => findDefaultProgram(after, type))).toEqual([entry, entry])
    expect(remove(after)).toBe(before)
    expect(remove(before)).toBe(before)
  })

  test('get kcap after a section header without line end', () => {
    expect(add('[Default Applications]')).toBe(`[Default Applications]\n${own}`)
    expect(add('a=b')).toBe(`a=b\n\n[Default Applications]\n${own}`)
  })

  test('keep another program that opens the links', () => {
    const before = '[Default Applications]\nx-scheme-handler/kcap=other.desktop\n'
    const after = add(before)
    expect(after).toBe(`[Default Applications]\nx-scheme-handler/kcaps=${entry}\nx-scheme-handler/kcap=other.desktop\n`)
    expect(findDefaultProgram(after, 'x-scheme-handler/kcap')).toBe('other.desktop')
    expect(remove(after)).toBe(before)
  })

  test('lose kcap from a list of programs, which stays', () => {
    expect(remove(`[Default Applications]\n${types[0]}=a.desktop;${entry};b.desktop\n`)).toBe(
      `[Default Applications]\n${types[0]}=a.desktop;b.desktop;\n`,
    )
  })
})
