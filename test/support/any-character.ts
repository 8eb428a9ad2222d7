import fc from 'fast-check'

/** Any Unicode character. fast-check's own unit `binary` keeps a table of all of them for each string: a third of a second and 100 MB. */
export const anyCharacter = fc
  .integer({ min: 0, max: 0x10_f7ff })
  // Past the halves of surrogate pairs, which are no characters.
  .map((number) => String.fromCodePoint(number < 0xd800 ? number : number + 0x800))
