import { expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { makeUploadRequest } from '../../src/request/make-upload-request.ts'
import { makeRotation } from '../../src/request/output-options.ts'
import { parseArguments } from '../../src/request/parse-arguments.ts'

const store = { kind: 'store' } as const
const parse = (words: readonly string[], environment: Record<string, string> = {}) =>
  parseArguments(words, { environment })

function failureOfWords(words: readonly string[]): KcapError {
  try {
    makeUploadRequest(parse(words), store)
  } catch (error) {
    if (error instanceof KcapError) return error
  }
  throw new Error('it did not fail')
}

test.each([
  [['--to', 's3://traces'], { bucket: 'traces', prefix: '' }],
  [['--to', 's3://traces/'], { bucket: 'traces', prefix: '' }],
  [['--to', 's3://traces/api'], { bucket: 'traces', prefix: 'api/' }],
  [['--to', 's3://traces/api/orders/'], { bucket: 'traces', prefix: 'api/orders/' }],
  [
    [
      '--to',
      's3://traces/api',
      '--s3-endpoint',
      'https://minio.example:9000',
      '--s3-region',
      'eu-1',
      '--s3-path-style',
    ],
    { bucket: 'traces', prefix: 'api/', endpoint: 'https://minio.example:9000', region: 'eu-1', pathStyle: true },
  ],
])('%j is %j', (words, expected) => {
  const defaults = { endpoint: undefined, region: undefined, pathStyle: false }
  expect(makeUploadRequest(parse(words), store)).toEqual({ store: { ...defaults, ...expected }, finishMs: 600_000 })
})

test.each([
  [['--to', 'traces'], 'cannot use "traces": must be s3://BUCKET/PREFIX'],
  [['--to', 's3://'], 'cannot use "s3://": must be s3://BUCKET/PREFIX'],
  [['--to', 's3://a b/x'], 'cannot use "s3://a b/x": must be s3://BUCKET/PREFIX'],
  [['--to', 's3://traces//x'], 'cannot use "s3://traces//x": the prefix has an empty part or a control character'],
  [
    ['--to', `s3://traces/${'x'.repeat(701)}`],
    `cannot use "s3://traces/${'x'.repeat(701)}": the prefix has more than 700 bytes`,
  ],
  [
    ['--to', 's3://traces', '--s3-endpoint', 'minio:9000'],
    'cannot use --s3-endpoint "minio:9000": must be a URL of http or https',
  ],
  [['--s3-region', 'eu-1'], 'cannot use --s3-region: nothing goes to object storage'],
  [['--s3-path-style'], 'cannot use --s3-path-style: nothing goes to object storage'],
])('%j is wrong usage', (words, message) => {
  const error = failureOfWords(words)
  expect([error.code, error.message]).toEqual(['usage', message])
})

test('an endpoint with a password is refused, and not repeated', () => {
  const { message, hints } = failureOfWords([
    '--to',
    's3://traces',
    '--s3-endpoint',
    'https://me:hunter2@minio.example',
  ])
  expect(message).toBe('cannot use --s3-endpoint: a URL with a user name would put a secret into the capture')
  expect(hints.join()).not.toContain('hunter2')
})

test('only files can be stored', () => {
  const output = { kind: 'stdout' } as const
  expect(() => makeUploadRequest(parse(['--to', 's3://traces']), output)).toThrow(
    'cannot use --to "s3://traces" here: only files can be stored, and the output is a stream',
  )
})

test('variables for every command do not refuse a capture without a store', () => {
  expect(makeUploadRequest(parse([], { KCAP_S3_ENDPOINT: 'http://minio:9000' }), store)).toBe(undefined)
})

const file = { kind: 'file', path: 'x.pcapng', overwrite: false } as const

test.each([
  [['--keep', '2GB'], file, { fileBytes: 64_000_000, keepBytes: 2_000_000_000 }],
  [['--keep', '80MB'], file, { fileBytes: 10_000_000, keepBytes: 80_000_000 }],
  [['--keep', '80MB', '--rotate-size', '1MB'], file, { fileBytes: 1_000_000, keepBytes: 80_000_000 }],
  [['--keep', '80MB', '--rotate-time', '1m'], file, { fileBytes: 10_000_000, fileMs: 60_000, keepBytes: 80_000_000 }],
  [['--to', 's3://traces'], store, { fileBytes: 64_000_000, keepBytes: 1_000_000_000 }],
  [['--to', 's3://traces'], file, { fileBytes: 64_000_000 }],
  [['--to', 's3://traces', '--keep', '100MB'], file, { fileBytes: 12_500_000, keepBytes: 100_000_000 }],
])('%j into %j rotates by %j', (words, output, expected) => {
  expect(makeRotation(parse(words), output)).toEqual(expected)
})
