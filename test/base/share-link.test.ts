import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatShareLink, hideShareTokens, parseAuthority, parseShareLink } from '../../src/base/share-link.ts'

const hex = fc.constantFrom(...'0123456789abcdef')
const wordCharacter = fc.constantFrom(...'abcXYZ019_-')

test('a link is parsed to the value that it was formatted from', () => {
  const link = fc.record({
    host: fc.oneof(fc.ipV4(), fc.constantFrom('localhost', 'ann-laptop.example', '2001:db8::7', '::1')),
    port: fc.integer({ min: 1, max: 65_535 }),
    token: fc.string({ unit: wordCharacter, minLength: 16, maxLength: 128 }),
    fingerprint: fc.option(fc.string({ unit: hex, minLength: 64, maxLength: 64 }), { nil: undefined }),
  })
  fc.assert(
    fc.property(link, (value) => {
      expect(parseShareLink(formatShareLink(value))).toEqual(value)
    }),
  )
})

test.each([
  'kcaps://10.0.0.7:7443/',
  'kcaps://10.0.0.7:7443/short',
  'kcaps://10.0.0.7/abcdefghijklmnop',
  'kcaps://10.0.0.7:0/abcdefghijklmnop',
  'kcaps://10.0.0.7:65536/abcdefghijklmnop',
  'kcaps://ann@10.0.0.7:7443/abcdefghijklmnop',
  'kcaps://10.0.0.7:7443/abcdefghijklmnop/more',
  'kcaps://10.0.0.7:7443/abcdefghijklmnop?via=node-pod',
  'kcaps://10.0.0.7:7443/abcdefghijklmnop#sha256:12',
  'kcaps://10.0.0.7:7443/abcdefghijklmnop#sha1:aa',
  'kcaps://10.0.0.7:7443/abcdefghijklmnop\n',
  'kcaps://-x:7443/abcdefghijklmnop',
  'https://10.0.0.7:7443/abcdefghijklmnop',
])('%j is no link', (text) => {
  expect(parseShareLink(text)).toBeUndefined()
})

test('an address needs a port', () => {
  expect(parseAuthority('[::1]:57012')).toEqual({ host: '::1', port: 57_012 })
  expect(parseAuthority('phone.example:57012')).toEqual({ host: 'phone.example', port: 57_012 })
  for (const text of ['', 'phone.example', ':57012', 'a b:1', '::1:57012']) expect(parseAuthority(text)).toBeUndefined()
})

test('a command line without tokens still says where its links lead', () => {
  const line = "kcap 'kcaps://10.0.0.7:7443/abcdefghijklmnop#sha256:00' kcaps://[::1]:1/zzzzzzzzzzzzzzzz -o a.pcapng"
  expect(hideShareTokens(line)).toBe("kcap 'kcaps://10.0.0.7:7443/…' kcaps://[::1]:1/… -o a.pcapng")
})
