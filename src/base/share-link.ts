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

/** Parses a link; returns undefined for other text. */
export function parseShareLink(text: string): ShareLink | undefined {
  const match = /^kcaps:\/\/([^/?#@\s]+)\/([\w-]{16,128})(?:#sha256:([\da-f]{64}))?$/i.exec(text)
  const authority = parseAuthority(match?.[1] ?? '')
  const token = match?.[2]
  if (authority === undefined || token === undefined) return undefined
  return { ...authority, token, fingerprint: match?.[3]?.toLowerCase() }
}

/** Returns `10.0.0.7:7443`, or `[2001:db8::7]:7443`. */
export function formatAuthority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Parses `HOST:PORT` with a name, an IPv4 address, or an IPv6 address in brackets; returns undefined for other text. */
export function parseAuthority(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([\da-f:.]+(?:%\w+)?)\]|([a-z\d](?:[\w.-]{0,252})))\.?:(\d{1,5})$/i.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port }
}

/** Replaces the secret part of each link in a text. */
export function hideShareTokens(text: string): string {
  return text.replace(/(kcaps:\/\/[^/\s'"]*)\/[^\s'"]*/gi, '$1/…')
}
