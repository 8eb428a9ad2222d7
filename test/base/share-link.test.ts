import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatShareLink, hideShareTokens, parseAuthority, parseShareLink } from '../../src/base/share-link.ts'

const token = 'AbCd_-0123456789'
const pin = `#sha256:${'0a'.repeat(32)}`

describe('parseShareLink', () => {
  test.each([
    [`kcaps://10.0.0.7:7443/${token}${pin}`, { host: '10.0.0.7', port: 7443, token, fingerprint: '0a'.repeat(32) }],
    [`kcaps://build.example.com:1/${token}`, { host: 'build.example.com', port: 1, token, fingerprint: undefined }],
    [`kcaps://[2001:db8::7]:65535/${token}`, { host: '2001:db8::7', port: 65_535, token, fingerprint: undefined }],
  ])('reads %s', (text, link) => {
    expect(parseShareLink(text)).toEqual(link)
  })

  test('reads every link that formatShareLink writes', () => {
    const hex = fc.stringMatching(/^[0-9a-f]{64}$/)
    const links = fc.record({
      host: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()),
      port: fc.integer({ min: 1, max: 65_535 }),
      token: fc.stringMatching(/^[A-Za-z0-9_-]{16,128}$/),
      fingerprint: fc.option(hex, { nil: undefined }),
    })
    fc.assert(
      fc.property(links, (link) => {
        expect(parseShareLink(formatShareLink(link))).toEqual(link)
      }),
    )
  })

  test.each([
    '',
    'kcaps://',
    `kcap://10.0.0.7:7443/${token}`,
    `kcaps:10.0.0.7:7443/${token}`,
    `kcaps://10.0.0.7/${token}`,
    `kcaps://10.0.0.7:0/${token}`,
    `kcaps://10.0.0.7:65536/${token}`,
    'kcaps://10.0.0.7:7443/short',
    `kcaps://10.0.0.7:7443/${token}${'a'.repeat(128)}`,
    `kcaps://10.0.0.7:7443/${token}/`,
    `kcaps://10.0.0.7:7443/${token}?via=ephemeral`,
    `kcaps://user@10.0.0.7:7443/${token}`,
    `kcaps://-host:7443/${token}`,
    `kcaps://host-:7443/${token}`,
    `kcaps://[10.0.0.7]:7443/${token}`,
    `kcaps://[:::::]:7443/${token}`,
    `kcaps://a b:7443/${token}`,
    `kcaps://10.0.0.7:7443/${token}\n`,
    ` kcaps://10.0.0.7:7443/${token}`,
    `kcaps://10.0.0.7:7443/${token}#sha256:00`,
    `kcaps://10.0.0.7:7443/${token}#md5:${'0a'.repeat(32)}`,
    `kcaps://10.0.0.7:7443/%2e%2e%2f${token}`,
    `kcaps://${'a'.repeat(10_000)}:7443/${token}`,
  ])('reads no link in %j', (text) => {
    expect(parseShareLink(text)).toBe(undefined)
  })
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
