import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type { KcapError } from '../../src/base/kcap-error.ts'
import type { StoreName } from '../../src/base/store-name.ts'
import { openStoreReader } from '../../src/store/open-reader.ts'
import { openUpload } from '../../src/store/open-upload.ts'
import { toStoreError } from '../../src/store/store-error.ts'
import { makeCertificates } from '../support/certificates.ts'
import { failureOf } from '../support/failure.ts'
import { seeEnvironment } from '../support/run-cli-here.ts'
import { s3Environment, startS3Server } from '../support/s3-server.ts'

const server = await startS3Server()
const { store } = server
const { signal } = new AbortController()

/** Returns the error of the check at the start of a capture. */
async function failToOpen(name: StoreName, environment: Record<string, string> = {}, clockOffsetMs = 0) {
  seeEnvironment({ ...s3Environment, AWS_MAX_ATTEMPTS: '1', ...environment })
  const context = {
    name: 'c',
    targets: 't',
    mayBeAway: false,
    signal,
    tell: () => {},
    onStored: async () => {},
    clockOffsetMs,
  }
  return await failureOf(openUpload(name, context))
}

const show = ({ code, exitCode, message, hints }: KcapError) => [code, exitCode, message, hints]
const login = [
  'aws sts get-caller-identity',
  'the credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE and ~/.aws',
]

test("an unknown access key, a wrong secret and absent credentials are 'store-unauthorized'", async () => {
  const what = `cannot store files in "s3://traces/api/": ${store.endpoint} refuses the login`
  expect(show(await failToOpen(store, { AWS_ACCESS_KEY_ID: 'other' }))).toEqual([
    'store-unauthorized',
    4,
    `${what}: it does not know the access key`,
    login,
  ])
  const wrongSecret = await failToOpen(store, { AWS_SECRET_ACCESS_KEY: 'wrong-secret' })
  expect(show(wrongSecret)).toEqual([
    'store-unauthorized',
    4,
    `${what}: the secret key is not that of the access key`,
    login,
  ])
  expect(JSON.stringify([wrongSecret.message, wrongSecret.hints, String(wrongSecret.cause)])).not.toContain(
    'wrong-secret',
  )
  expect(show(await failToOpen(store, { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }))).toEqual([
    'store-unauthorized',
    4,
    'cannot store files in "s3://traces/api/": no credentials were found',
    login,
  ])
})

test("a missing bucket is 'store-bucket-missing'", async () => {
  expect(show(await failToOpen({ ...store, bucket: 'others' }))).toEqual([
    'store-bucket-missing',
    3,
    'cannot store files in "s3://others/api/": there is no bucket "others"',
    [`aws --endpoint-url ${store.endpoint} s3 mb s3://others`, 's3://OTHER-BUCKET/PREFIX'],
  ])
})

test("a clock that differs by an hour is 'store-clock'", async () => {
  // The SDK corrects its clock by the server's answer, and tries once more.
  server.fault = () => ({ status: 403, code: 'RequestTimeTooSkewed' })
  const error = await failToOpen(store)
  server.fault = () => undefined
  expect(show(error)).toEqual([
    'store-clock',
    4,
    `cannot store files in "s3://traces/api/": ${store.endpoint} refuses the request: this machine's clock differs from its own by more than 15 minutes`,
    ['timedatectl status', 'set the clock, then run the command again'],
  ])
})

test("a right that is missing is 'store-forbidden'", async () => {
  server.fault = () => ({ status: 403, code: 'AccessDenied' })
  const error = await failToOpen(store)
  server.fault = () => undefined
  expect(show(error)).toEqual([
    'store-forbidden',
    5,
    'cannot store files in "s3://traces/api/": access denied',
    [
      'a capture needs the right s3:PutObject; reading back needs s3:ListBucket and s3:GetObject',
      'the resource of that right: arn:aws:s3:::traces/api/*',
    ],
  ])
})

test("a port without a server and an unknown host are 'store-unreachable'", async () => {
  const refused = await failToOpen({ ...store, endpoint: 'http://127.0.0.1:9' })
  expect(show(refused)).toEqual([
    'store-unreachable',
    4,
    'cannot store files in "s3://traces/api/": http://127.0.0.1:9 is unreachable: connect ECONNREFUSED 127.0.0.1:9',
    [
      'curl -v http://127.0.0.1:9',
      '--s3-endpoint URL, with its port',
      '--s3-path-style, when the name of the bucket is in the host that could not be found',
    ],
  ])
  const unknown = await failToOpen({ ...store, endpoint: 'http://store.invalid' })
  expect([unknown.code, unknown.message]).toEqual(['store-unreachable', expect.stringContaining('store.invalid')])
})

test("a certificate of an unknown authority is 'store-certificate'", async () => {
  const { server: identity } = await makeCertificates()
  const secure = await startS3Server({ key: identity.key, cert: identity.certificate })
  expect(show(await failToOpen(secure.store))).toEqual([
    'store-certificate',
    4,
    `cannot store files in "s3://traces/api/": the certificate of ${secure.store.endpoint} is not trusted: unable to verify the first certificate`,
    ['trust its authority: NODE_EXTRA_CA_CERTS=FILE.pem kcap …', '--s3-endpoint with the name in the certificate'],
  ])
})

test("a request for fewer requests and any other answer are 'store-failed'", async () => {
  server.fault = () => ({ status: 503, code: 'SlowDown' })
  const slow = await failToOpen(store)
  server.fault = () => ({ status: 501, code: 'NotImplemented' })
  const other = await failToOpen(store)
  server.fault = () => undefined
  expect(show(slow)).toEqual([
    'store-failed',
    1,
    `cannot store files in "s3://traces/api/": ${store.endpoint} asks for fewer requests (SlowDown)`,
    ['kcap --verbose shows the whole answer'],
  ])
  expect([other.code, other.message]).toEqual([
    'store-failed',
    'cannot store files in "s3://traces/api/": HTTP 501 the server says NotImplemented',
  ])
})

test("an object that is not there is 'store-object-missing'", async () => {
  seeEnvironment(s3Environment)
  const reader = await openStoreReader(store)
  const file = { key: 'api/none.pcapng', bytes: 10, sha256: '' }
  const error = await failureOf(reader.read(file, { signal }).next())
  reader.close()
  expect(show(error)).toEqual([
    'store-object-missing',
    3,
    'cannot read "s3://traces/api/none.pcapng": bucket "traces" has no such object',
    [`aws --endpoint-url ${store.endpoint} s3 ls s3://traces/api/`],
  ])
})

test('an error holds neither the request nor its session token', async () => {
  const error = await failToOpen({ ...store, bucket: 'others' }, { AWS_SESSION_TOKEN: 'session-secret' })
  expect(error.code).toBe('store-bucket-missing')
  expect(inspect(error, { depth: 20 })).not.toMatch(/session-secret|Credential=/)
})

test('a message of the server is printed without control characters, and not at any length', () => {
  const error = Object.assign(new Error(`a\u001b[31m${'b'.repeat(1_000)}`), { $metadata: { httpStatusCode: 500 } })
  const { message } = toStoreError(store, 'cannot store "x"', error)
  expect(message).not.toContain('\u001b')
  expect(message.length).toBeLessThan(400)
})

test('the check at the start needs no other right than to put objects', async () => {
  server.fault = ({ method, key }) =>
    method === 'PUT' && key !== '' ? undefined : { status: 403, code: 'AccessDenied' }
  seeEnvironment(s3Environment)
  const upload = await openUpload(store, {
    name: 'web-1',
    targets: 'pod a',
    mayBeAway: false,
    signal,
    tell: () => {},
    onStored: async () => {},
  })
  upload.close()
  server.fault = () => undefined
  expect(JSON.parse(server.objects.get('api/web-1.json')?.body.toString() ?? '')).toMatchObject({
    capture: 'web-1',
    targets: 'pod a',
  })
})

test('a store that is away is reported only, where a capture continues an earlier one', async () => {
  seeEnvironment({ ...s3Environment, AWS_MAX_ATTEMPTS: '1' })
  const events: string[] = []
  const context = { name: 'c', targets: 't', mayBeAway: true, signal, tell: (event: string) => events.push(event) }
  const away = { ...store, endpoint: 'http://127.0.0.1:9' }
  const upload = await openUpload(away, { ...context, onStored: async () => {} })
  upload.close()
  expect(events).toEqual([expect.stringMatching(/is unreachable.*; kcap keeps trying$/)])
})
