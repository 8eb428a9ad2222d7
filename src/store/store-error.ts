import { describeCertificateFault } from '../base/certificate-fault.ts'
import type { ErrorCode } from '../base/error-codes.ts'
import { type Hint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { printable } from '../base/printable.ts'
import type { StoreName } from '../base/store-name.ts'

/** Maximum length of a server's own message. */
const maxMessageLength = 300

interface Finding {
  readonly code: ErrorCode
  readonly state: string
  readonly hints: readonly Hint[]
}

const credentialHints: readonly Hint[] = [
  line('aws', 'sts', 'get-caller-identity'),
  'the credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE and ~/.aws',
]

const refusedLogins: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: 'it does not know the access key',
  SignatureDoesNotMatch: 'the secret key is not that of the access key',
  ExpiredToken: 'the session token has expired',
  ExpiredTokenException: 'the session token has expired',
  InvalidToken: 'it does not accept the session token',
  TokenRefreshRequired: 'the session token has expired',
  CredentialsProviderError: 'no credentials were found',
  TokenProviderError: 'the login of the profile has expired',
}
const certificateFaults = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_CERT|ERR_SSL|EPROTO)/

/** Returns the name by which the SDK, or Node, knows an error: `NoSuchKey`, `ECONNREFUSED`. */
export function nameStoreFault(error: unknown): string {
  const { name, Code, code, cause } = error as { name?: string; Code?: string; code?: unknown; cause?: unknown }
  if (typeof code === 'string' && /^[A-Z][A-Z\d_]+$/.test(code)) return code
  if (cause !== undefined && (name === 'Error' || name === 'TypeError')) return nameStoreFault(cause)
  return Code ?? name ?? 'Error'
}

/** Returns the HTTP status of the server's answer; undefined when there was none. */
export function readHttpStatus(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
}

/** Returns whether the server asks for fewer requests. */
export function isSlowDown(error: unknown): boolean {
  return ['SlowDown', 'ServiceUnavailable', 'ThrottlingException', 'TooManyRequests'].includes(nameStoreFault(error))
}

/** Translates an error of the SDK. `what` reads `cannot store "s3://traces/x"`. */
export function toStoreError(store: StoreName, what: string, error: unknown): KcapError {
  if (error instanceof KcapError) return error
  const { code, state, hints } = findFault(store, error)
  return new KcapError(code, `${what}: ${state}`, { hints, cause: withoutRequest(error) })
}

function findFault(store: StoreName, error: unknown): Finding {
  const name = nameStoreFault(error)
  const status = readHttpStatus(error)
  const login = refusedLogins[name]
  const server = store.endpoint ?? 'the server'
  if (login !== undefined)
    return {
      code: 'store-unauthorized',
      state: name === 'CredentialsProviderError' ? login : `${server} refuses the login: ${login}`,
      hints: credentialHints,
    }
  if (name === 'RequestTimeTooSkewed' || name === 'RequestExpired')
    return {
      code: 'store-clock',
      state: `${server} refuses the request: this machine's clock differs from its own by more than 15 minutes`,
      hints: [line('timedatectl', 'status'), 'set the clock, then run the command again'],
    }
  if (name === 'NoSuchBucket')
    return {
      code: 'store-bucket-missing',
      state: `there is no bucket "${store.bucket}"`,
      hints: [line('aws', ...endpointWords(store), 's3', 'mb', `s3://${store.bucket}`), 's3://OTHER-BUCKET/PREFIX'],
    }
  if (name === 'NoSuchKey' || (name === 'NotFound' && status === 404))
    return {
      code: 'store-object-missing',
      state: `bucket "${store.bucket}" has no such object`,
      hints: [line('aws', ...endpointWords(store), 's3', 'ls', `s3://${store.bucket}/${store.prefix}`)],
    }
  if (name === 'AccessDenied' || name === 'AllAccessDisabled' || status === 403)
    return {
      code: 'store-forbidden',
      state: `access denied${describeAnswer(error)}`,
      hints: [
        'a capture needs the right s3:PutObject; reading back needs s3:ListBucket and s3:GetObject',
        `the resource of that right: arn:aws:s3:::${store.bucket}/${store.prefix}*`,
      ],
    }
  if (
    name === 'PermanentRedirect' ||
    name === 'AuthorizationHeaderMalformed' ||
    name === 'IllegalLocationConstraintException'
  )
    return {
      code: 'store-failed',
      state: `the bucket "${store.bucket}" is in another region${describeAnswer(error)}`,
      hints: ['--s3-region REGION'],
    }
  if (certificateFaults.test(name))
    return {
      code: 'store-certificate',
      state: `the certificate of ${server} is not trusted: ${describeCertificateFault(describeMessage(error))}`,
      hints: [
        'trust its authority: NODE_EXTRA_CA_CERTS=FILE.pem kcap …',
        '--s3-endpoint with the name in the certificate',
      ],
    }
  if (status === undefined && /^(?:E[A-Z]+|TimeoutError|RequestTimeout|NetworkingError)$/.test(name))
    return {
      code: 'store-unreachable',
      state: `${server} is unreachable: ${describeMessage(error)}`,
      hints: [
        ...(store.endpoint === undefined ? [] : [line('curl', '-v', store.endpoint)]),
        '--s3-endpoint URL, with its port',
        '--s3-path-style, when the name of the bucket is in the host that could not be found',
      ],
    }
  return {
    code: 'store-failed',
    state: isSlowDown(error)
      ? `${server} asks for fewer requests (${name})`
      : `${status === undefined ? '' : `HTTP ${status} `}${describeMessage(error)}`,
    hints: ['kcap --verbose shows the whole answer'],
  }
}

/** Returns an error without the request and its headers, which contain a session token. */
function withoutRequest(error: unknown): Error {
  const { name, stack } = error as Error
  const bare = new Error(describeMessage(error))
  return Object.assign(bare, { name: name ?? 'Error', ...(stack !== undefined && { stack }) })
}

function endpointWords({ endpoint }: StoreName): string[] {
  return endpoint === undefined ? [] : ['--endpoint-url', endpoint]
}

function describeAnswer(error: unknown): string {
  const text = describeMessage(error)
  return /^(?:access denied\.?|forbidden|unknown)$/i.test(text) ? '' : `: ${text}`
}

/** Returns the message of an error: of an AggregateError, that of its first part. */
function describeMessage(error: unknown): string {
  const { message, errors, name } = error as { message?: string; errors?: unknown; name?: string }
  const first = Array.isArray(errors) ? (errors[0] as Error | undefined)?.message : undefined
  const text = message === undefined || message === '' ? (first ?? name ?? 'unknown') : message
  return printable(text.slice(0, maxMessageLength)).replace(/\.$/, '')
}
