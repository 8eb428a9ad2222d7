import type { ShareRequest } from '../base/capture-request.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { ParsedArguments } from './parse-arguments.ts'
import { parseCount } from './parse-quantity.ts'
import { shareAddress } from './share-options.ts'

const defaultMaxReaders = 8
const maxMaxReaders = 100

/**
 * Returns how others can read the capture; undefined when they can't.
 * @throws {KcapError} usage — when an option is invalid, or would share a plain stream beyond loopback
 */
export function makeShareRequest(parsed: ParsedArguments): ShareRequest | undefined {
  const serve = parsed.text('serve')
  const [certificateFile, keyFile] = [parsed.text('serve-cert'), parsed.text('serve-key')]
  const readers = parsed.text('serve-readers')
  if (serve === undefined) {
    const idle = (['serve-readers', 'serve-cert', 'serve-key'] as const).find((name) => parsed.text(name) !== undefined)
    if (idle === undefined) return undefined
    throw new KcapError('usage', `cannot use --${idle}: the capture is not shared`, { hints: ['--serve'] })
  }
  const { path, protocol, ipv6, host = ipv6, port } = shareAddress.exec(serve)?.groups ?? {}
  const maxReaders = readers === undefined ? defaultMaxReaders : parseCount('serve-readers', readers, 1, maxMaxReaders)
  const isPlain = path !== undefined || protocol !== undefined
  if (isPlain && (certificateFile ?? keyFile) !== undefined) {
    throw new KcapError('usage', `cannot use a certificate with "${serve}": the stream has no encryption`, {
      hints: ['--serve ADDRESS:PORT --serve-cert FILE --serve-key FILE'],
    })
  }
  if (path !== undefined) return { protocol: 'unix', path, maxReaders }
  if (host === undefined || Number(port) > 65_535) {
    throw new KcapError(
      'usage',
      `cannot use --serve "${serve}": must be ADDRESS:PORT, tcp://ADDRESS:PORT or unix:PATH`,
      {
        hints: ['--serve 127.0.0.1:7443', '--serve'],
      },
    )
  }
  if ((certificateFile === undefined) !== (keyFile === undefined)) {
    throw new KcapError('usage', 'cannot use --serve-cert without --serve-key: a server needs both', {
      hints: ['--serve-cert FILE --serve-key FILE'],
    })
  }
  if (isPlain && !isLoopback(host) && !parsed.flag('serve-insecure')) {
    throw new KcapError('usage', `cannot serve "${serve}": the stream has no login and no encryption`, {
      hints: ['--serve tcp://127.0.0.1:57012', `--serve ${host}:${port}`, '--serve-insecure, in a network you trust'],
    })
  }
  return {
    protocol: isPlain ? 'tcp' : 'kcaps',
    host,
    port: Number(port),
    maxReaders,
    certificate: certificateFile === undefined || keyFile === undefined ? undefined : { certificateFile, keyFile },
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
