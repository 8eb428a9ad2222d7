import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import tls from 'node:tls'

/** Where Linux distributions and the BSDs keep them (crypto/x509, root_linux.go and root_bsd.go). */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
]
const folders = ['/etc/ssl/certs', '/etc/pki/tls/certs']

/**
 * The authorities of this machine, as Go reads them: those of SSL_CERT_FILE and SSL_CERT_DIR, else of the first bundle there is. undefined where the
 * platform has a store of its own that only Node knows: macOS and Windows.
 */
export function readSystemAuthorities(environment: NodeJS.ProcessEnv = process.env): string[] | undefined {
  if (process.platform === 'win32' || process.platform === 'darwin') return askNode()
  const { SSL_CERT_FILE, SSL_CERT_DIR } = environment
  const bundle = (SSL_CERT_FILE ? [SSL_CERT_FILE] : bundles).map(readText).find((text) => text !== undefined)
  // The folders of a distribution hold what its bundle does.
  const named = SSL_CERT_DIR ? SSL_CERT_DIR.split(':') : bundle === undefined ? folders : []
  return [...(bundle === undefined ? [] : [bundle]), ...named.flatMap(readFolder)].filter((text) => isPem(text))
}

/** From Node 22.15 on; before, it knows its own list only. */
function askNode(): string[] | undefined {
  const { getCACertificates } = tls as { readonly getCACertificates?: (type: 'system') => string[] }
  return getCACertificates?.('system')
}

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) => readText(path.join(folder, name)) ?? [])
  } catch {
    return []
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return undefined
  }
}

function isPem(text: string): boolean {
  return text.includes('-----BEGIN CERTIFICATE-----')
}
