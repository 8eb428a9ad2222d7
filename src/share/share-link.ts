/** Where a shared capture is read: what a `kcaps://` link holds. */
export interface ShareLink {
  readonly host: string
  readonly port: number
  /** Random word of the path that lets a reader in. A secret. */
  readonly token: string
  /** SHA-256 of the server's certificate in hexadecimal digits; undefined: the certificate is checked as a browser checks it. */
  readonly fingerprint: string | undefined
}

/** Returns the link as text: `kcaps://10.0.0.7:7443/TOKEN#sha256:HEX`. */
export function formatShareLink({ host, port, token, fingerprint }: ShareLink): string {
  const pin = fingerprint === undefined ? '' : `#sha256:${fingerprint}`
  return `kcaps://${formatAuthority(host, port)}/${token}${pin}`
}

/** Returns `10.0.0.7:7443`, or `[2001:db8::7]:7443`. */
export function formatAuthority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
