import { describeCertificateFault } from '../base/certificate-fault.ts'
import type { ErrorCode } from '../base/error-codes.ts'
import { type Hint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { formatStreamName, type StreamName } from '../base/target.ts'

const states: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no such host',
  ENOENT: 'there is no such socket',
  ENOTSOCK: 'the file is no socket',
  EACCES: 'only another user may open it',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'no answer',
  ECONNRESET: 'the connection was closed',
  EPIPE: 'the connection was closed',
}

/** Translates the error of a connection that could not be opened. */
export function toStreamError(name: StreamName, error: NodeJS.ErrnoException): KcapError {
  if (error instanceof KcapError) return error
  if (isCertificateFault(error))
    return streamError(
      'stream-certificate',
      name,
      `its certificate cannot be trusted: ${describeCertificateFault(error.message)}`,
      {
        hints: [
          'use the whole link, with the part behind "#"',
          'NODE_EXTRA_CA_CERTS=FILE adds a certificate authority',
        ],
        cause: error,
      },
    )
  return streamError('stream-unreachable', name, states[error.code ?? ''] ?? error.message, {
    hints: ['the capture may have ended, or a firewall is in between', line('kcap', 'doctor', formatStreamName(name))],
    cause: error,
  })
}

/** Makes the error for a stream that can't be read. */
export function streamError(
  code: ErrorCode,
  name: StreamName,
  state: string,
  options: { readonly hints?: readonly Hint[]; readonly cause?: unknown } = {},
): KcapError {
  return new KcapError(code, `cannot read "${formatStreamName(name)}": ${state}`, options)
}

/** Makes the error for a stream that broke off. */
export function streamLost(name: StreamName, reason: string): KcapError {
  return streamError('connection-lost', name, `the connection is lost: ${reason}`, {
    hints: ['the packets up to here are kept; start the same command again'],
  })
}

/** Codes of OpenSSL's and Node's checks of a certificate. https://nodejs.org/api/tls.html#x509-certificate-error-codes */
function isCertificateFault({ code = '' }: NodeJS.ErrnoException): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|ERR_TLS_CERT/.test(code)
}
