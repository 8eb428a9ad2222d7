import fc from 'fast-check'

/** Words that break terminals, sentences, file names, shells, lookups by name, and patterns that backtrack. */
const pieces = [
  '\x1b[2J',
  '\x1b]0;title\x07',
  '\x1bP1$r\x1b\\',
  '\x9b31m',
  '\x7f',
  '\0',
  '\b\b\b',
  '\r',
  '\n',
  '\r\n',
  '\t',
  '\u202e',
  '\u2028',
  '\u200b',
  '\ud800',
  '\udc00',
  '\ufeff',
  '😀',
  'ä̈',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '}{value=x}{display=',
  '} {',
  '../../../',
  '/etc/passwd',
  'C:\\',
  '%s%n%h%%',
  '$' + '{HOME}',
  '$(id)',
  '`id`',
  '\'"',
  '--',
  '-',
  '=',
  ':',
  ',',
  ' ',
  '*',
  '?',
  '[',
  ']',
  '(',
  ')',
  '0',
  '-1',
  '65536',
  '4294967296',
  '99999999999999999999',
  '1e400',
  'NaN',
  'null',
  'true',
  '~',
  '&a',
  '*a',
  '!!binary',
  '<<: ',
]

export const hostilePiece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...pieces) },
  { weight: 2, arbitrary: fc.string({ maxLength: 8, unit: 'binary' }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...pieces), fc.integer({ min: 2, max: 3_000 }))
      .map(([text, n]) => text.repeat(n)),
  },
)

export const hostileText = fc.oneof(
  hostilePiece,
  fc
    .array(fc.oneof(hostilePiece, fc.constantFrom('a', 'web', 'prod', '7')), { maxLength: 6 })
    .map((all) => all.join('')),
)

/** Real texts of a kind, cut, doubled, and with hostile pieces in them; sometimes nothing of them. */
export function damagedText(samples: readonly string[], more: readonly string[] = []): fc.Arbitrary<string> {
  const piece = more.length === 0 ? hostilePiece : fc.oneof(hostilePiece, fc.constantFrom(...more))
  const place = fc.double({ min: 0, max: 1, noNaN: true })
  const edit = fc.oneof(
    fc.record({ kind: fc.constant('insert' as const), at: place, text: piece }),
    fc.record({ kind: fc.constant('replace' as const), at: place, length: fc.nat(12), text: piece }),
    fc.record({ kind: fc.constant('remove' as const), at: place, length: fc.nat(60) }),
    fc.record({
      kind: fc.constant('repeat' as const),
      at: place,
      length: fc.nat(60),
      times: fc.constantFrom(2, 2, 3, 300),
    }),
  )
  const damaged = fc.tuple(fc.constantFrom(...samples), fc.array(edit, { maxLength: 5 })).map(([sample, edits]) =>
    edits.reduce((text, change) => {
      const at = Math.floor(change.at * text.length)
      const [before, after] = [text.slice(0, at), text.slice(at)]
      if (change.kind === 'insert') return before + change.text + after
      if (change.kind === 'replace') return before + change.text + after.slice(change.length)
      if (change.kind === 'remove') return before + after.slice(change.length)
      return text.length > 100_000 ? text : before + after.slice(0, change.length).repeat(change.times) + after
    }, sample),
  )
  return fc.oneof(
    { weight: 8, arbitrary: damaged },
    { weight: 1, arbitrary: hostileText },
    fc.string({ unit: 'binary' }),
  )
}

/** JSON values of every type, for fields of another type. */
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, 0, -1, 1e308, '', [], {}, [null], [[]], [{}], { a: null }, { length: 3 }),
  hostileText,
  fc.jsonValue({ maxDepth: 3 }),
)

/** Real JSON of a kind with odd values in places, and places that are gone. As text, as it comes. */
export function damagedJson(samples: readonly unknown[]): fc.Arbitrary<string> {
  const change = fc.record({ at: fc.nat(), value: fc.option(oddValue, { nil: undefined }) })
  const structural = fc
    .tuple(fc.constantFrom(...samples), fc.array(change, { maxLength: 4 }))
    .map(([sample, changes]) => {
      let root: unknown = structuredClone(sample)
      for (const { at, value } of changes) {
        const places: { readonly holder: Record<string, unknown>; readonly key: string }[] = []
        const visit = (node: unknown) => {
          if (typeof node !== 'object' || node === null) return
          for (const key of Object.keys(node)) {
            places.push({ holder: node as Record<string, unknown>, key })
            visit((node as Record<string, unknown>)[key])
          }
        }
        visit(root)
        const place = places[at % (places.length + 1)]
        if (place === undefined) root = value ?? null
        else if (value === undefined) delete place.holder[place.key]
        else place.holder[place.key] = structuredClone(value)
      }
      return JSON.stringify(root) ?? 'null'
    })
  const polluting = structural.map((text) =>
    text.replace('{', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},'),
  )
  return fc.oneof(
    { weight: 10, arbitrary: structural },
    { weight: 1, arbitrary: polluting },
    { weight: 2, arbitrary: damagedText(samples.map((sample) => JSON.stringify(sample))) },
  )
}

/** Reports whether the text has no control character that a terminal would obey, except line ends. */
export function isHarmless(text: string): boolean {
  return !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text.replaceAll('\n', ''))
}
