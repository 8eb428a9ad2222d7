import { expect, test } from 'vitest'
import { makeShareRequest } from '../../src/request/make-share-request.ts'
import { parseArguments } from '../../src/request/parse-arguments.ts'
import { failureOf } from '../support/failure.ts'

const parse = (...argv: string[]) => parseArguments(argv, { environment: {} })
const share = (...argv: string[]) => makeShareRequest(parse(...argv))

test('without --serve nothing is shared', () => {
  expect(share('shop/orders')).toBeUndefined()
})

test.each([
  [['--serve'], { protocol: 'kcaps', host: '127.0.0.1', port: 0 }],
  [['--serve', 'shop/orders'], { protocol: 'kcaps', host: '127.0.0.1', port: 0 }],
  [['--serve', '10.0.0.7:7443'], { protocol: 'kcaps', host: '10.0.0.7', port: 7443 }],
  [['--serve=build.example.com:7443'], { protocol: 'kcaps', host: 'build.example.com', port: 7443 }],
  [['--serve', '[2001:db8::7]:7443'], { protocol: 'kcaps', host: '2001:db8::7', port: 7443 }],
  [['--serve', 'tcp://127.0.0.1:57012'], { protocol: 'tcp', host: '127.0.0.1', port: 57_012 }],
  [['--serve', 'unix:/run/orders.sock'], { protocol: 'unix', path: '/run/orders.sock' }],
  [['--serve', 'tcp://[::1]:57012'], { protocol: 'tcp', host: '::1', port: 57_012 }],
  [['--serve', 'tcp://10.0.0.7:57012', '--serve-insecure'], { protocol: 'tcp', host: '10.0.0.7', port: 57_012 }],
])('%j is shared at the address that it names', (argv, expected) => {
  expect(share(...argv)).toEqual({ ...expected, maxReaders: 8, certificate: undefined })
})

test('the word after --serve is a target unless it looks like an address', () => {
  expect(parse('--serve', 'shop/orders').words).toEqual(['shop/orders'])
  expect(parse('--serve', '10.0.0.7:7443', 'shop/orders').words).toEqual(['shop/orders'])
  expect(parse('shop/orders', '--serve').words).toEqual(['shop/orders'])
})

test("a command's own flag --serve shares nothing", () => {
  for (const argv of [['--serve'], []]) {
    const parsed = parseArguments(argv, { environment: {}, more: [{ name: 'serve', kind: 'flag' }] })
    expect([parsed.flag('serve'), makeShareRequest(parsed)]).toEqual([argv.length > 0, undefined])
  }
})

test('a certificate, its key and a number of readers can be given', () => {
  expect(share('--serve', '--serve-cert', 'a.pem', '--serve-key', 'a.key', '--serve-readers', '3')).toMatchObject({
    maxReaders: 3,
    certificate: { certificateFile: 'a.pem', keyFile: 'a.key' },
  })
})

test.each([
  [['--serve=7443'], 'cannot use --serve "7443": must be ADDRESS:PORT, tcp://ADDRESS:PORT or unix:PATH'],
  [
    ['--serve=10.0.0.7:70000'],
    'cannot use --serve "10.0.0.7:70000": must be ADDRESS:PORT, tcp://ADDRESS:PORT or unix:PATH',
  ],
  [['--serve', '--serve-cert', 'a.pem'], 'cannot use --serve-cert without --serve-key: a server needs both'],
  [
    ['--serve', 'unix:a.sock', '--serve-cert', 'a.pem', '--serve-key', 'a.key'],
    'cannot use a certificate with "unix:a.sock": the stream has no encryption',
  ],
  [['--serve-key', 'a.key'], 'cannot use --serve-key: the capture is not shared'],
  [['--serve', '--serve-readers', '0'], expect.stringContaining('--serve-readers')],
  [['--serve', 'tcp://0.0.0.0:57012'], 'cannot serve "tcp://0.0.0.0:57012": the stream has no login and no encryption'],
])('%j is refused with exit code 2', async (argv, message) => {
  const error = await failureOf((async () => share(...argv))())
  expect([error.code, error.message, error.exitCode]).toEqual(['usage', message, 2])
  expect(error.hints.length).toBeGreaterThan(0)
})
