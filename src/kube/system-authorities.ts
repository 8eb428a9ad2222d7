import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import tls from 'node:tls'

/** Bundles of Linux distributions and the BSDs (crypto/x509, root_linux.go and root_bsd.go). */
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
 * Reads the authorities of this machine as Go does: those of SSL_CERT_FILE and SSL_CERT_DIR, else of the first bundle that exists. macOS and Windows
 * have a store of their own that only Node knows; undefined when this Node can't read it.
 */
export function readSystemAuthorities(environment: NodeJS.ProcessEnv = process.env): string[] | undefined {
  if (process.platform === 'win32' || process.platform === 'darwin') return askNode()
  const { SSL_CERT_FILE, SSL_CERT_DIR } = environment
  const bundle = (SSL_CERT_FILE ? [SSL_CERT_FILE] : bundles).map(readText).find((text) => text !== undefined)
  // The folders of a distribution contain what its bundle does.
  const named = SSL_CERT_DIR ? SSL_CERT_DIR.split(':') : bundle === undefined ? folders : []
  return [...(bundle === undefined ? [] : [bundle]), ...named.flatMap(readFolder)].filter((text) => isPem(text))
}

/** Asks Node, from 22.15 on; older versions know only their own list. */
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
