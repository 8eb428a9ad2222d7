import type { OutputName, UploadRequest } from '../base/capture-request.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { StoreName } from '../base/store-name.ts'
import type { ParsedArguments } from './parse-arguments.ts'

/** Time for the files that remain at the end of a capture. */
const defaultFinishMs = 10 * 60_000
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; older buckets and other servers also allow capitals and underscores. */
const bucketPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/
/** Maximum length of the prefix: a key has 1024 bytes, and the name of a file needs some. */
const maxPrefixBytes = 700

/**
 * Returns where the files of the output go; undefined when they stay here.
 * @throws {KcapError} usage — when the options name no store, or the output has no files
 */
export function makeUploadRequest(parsed: ParsedArguments, output: OutputName): UploadRequest | undefined {
  const to = parsed.text('to')
  if (to === undefined) {
    refuseIdleOptions(parsed)
    return undefined
  }
  if (output.kind !== 'file' && output.kind !== 'store') {
    throw new KcapError('usage', `cannot use --to "${to}" here: only files can be stored, and the output is a stream`, {
      hints: ['--to alone', '-o capture.pcapng'],
    })
  }
  return { store: parseStoreName(parsed, to), finishMs: defaultFinishMs }
}

/**
 * Parses `s3://BUCKET/PREFIX` with the other options of a store. A prefix is a folder, with or without a slash at its end.
 * @throws {KcapError} usage — when the text names no bucket, or an option is invalid
 */
export function parseStoreName(parsed: ParsedArguments, text: string): StoreName {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]*)(?:\/(.*))?$/s.exec(text) ?? []
  const prefix = path === '' || path.endsWith('/') ? path : `${path}/`
  const fault = !bucketPattern.test(bucket)
    ? 'must be s3://BUCKET/PREFIX'
    : /\p{Cc}/u.test(prefix) || prefix.startsWith('/') || prefix.includes('//')
      ? 'the prefix has an empty part or a control character'
      : Buffer.byteLength(prefix) > maxPrefixBytes
        ? `the prefix has more than ${maxPrefixBytes} bytes`
        : undefined
  if (fault !== undefined)
    throw new KcapError('usage', `cannot use "${text}": ${fault}`, { hints: ['--to s3://traces/orders/'] })
  return {
    bucket,
    prefix,
    endpoint: readEndpoint(parsed),
    region: parsed.text('s3-region'),
    pathStyle: parsed.flag('s3-path-style'),
  }
}

function readEndpoint(parsed: ParsedArguments): string | undefined {
  const text = parsed.text('s3-endpoint')
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  const hints = ['--s3-endpoint https://minio.example:9000']
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new KcapError('usage', `cannot use --s3-endpoint "${text}": must be a URL of http or https`, { hints })
  // The text is not repeated: it has a secret.
  if (url.username !== '' || url.password !== '')
    throw new KcapError(
      'usage',
      'cannot use --s3-endpoint: a URL with a user name would put a secret into the capture',
      {
        hints: [...hints, 'credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile of ~/.aws'],
      },
    )
  return text
}

function refuseIdleOptions(parsed: ParsedArguments): void {
  const idle = (['s3-endpoint', 's3-region'] as const).find((name) => parsed.text(name) !== undefined)
  const name = idle ?? (parsed.flag('s3-path-style') ? 's3-path-style' : undefined)
  // A variable may set them for every command.
  if (name === undefined || parsed.variables.some((variable) => variable.startsWith('KCAP_S3_'))) return
  throw new KcapError('usage', `cannot use --${name}: nothing goes to object storage`, {
    hints: ['--to s3://BUCKET/PREFIX'],
  })
}
