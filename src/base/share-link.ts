/** Where a shared capture is read: what a `kcaps://` link holds. */
export interface ShareLink {
  readonly host: string
  readonly port: number
  /** Random word of the path that lets a reader in. A secret. */
  readonly token: string
  /** SHA-256 of the server's certificate in hexadecimal digits; undefined: the certificate is checked as a browser checks it. */
  readonly fingerprint: string | undefined
}

/** Longest link that is parsed: a host name has at most 253 characters, a token 128. */
const maxLinkLength = 600
const linkPattern = /^kcaps:\/\/(?<place>[^/?#]+)\/(?<token>[\w-]{16,128})(?:#sha256:(?<fingerprint>[\da-f]{64}))?$/i
const authorityPattern =
  /^(?:\[(?<ipv6>[\da-f:.]{2,45})\]|(?<name>[a-z\d](?:[a-z\d._-]{0,251}[a-z\d])?)):(?<port>[1-9]\d{0,4})$/i

/** Returns the link as text: `kcaps://10.0.0.7:7443/TOKEN#sha256:HEX`. */
export function formatShareLink({ host, port, token, fingerprint }: ShareLink): string {
  const pin = fingerprint === undefined ? '' : `#sha256:${fingerprint}`
  return `kcaps://${formatAuthority(host, port)}/${token}${pin}`
}

/** Parses the text of a link; returns undefined for anything that `formatShareLink` could not have written. */
export function parseShareLink(text: string): ShareLink | undefined {
  if (text.length > maxLinkLength) return undefined
  const { place = '', token, fingerprint } = linkPattern.exec(text)?.groups ?? {}
  const authority = parseAuthority(place)
  if (authority === undefined || token === undefined) return undefined
  return { ...authority, token, fingerprint: fingerprint?.toLowerCase() }
}

/** Returns `10.0.0.7:7443`, or `[2001:db8::7]:7443`. */
export function formatAuthority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Parses `HOST:PORT` with a name, an IPv4 address, or an IPv6 address in brackets; returns undefined for other text. */
export function parseAuthority(text: string): { readonly host: string; readonly port: number } | undefined {
  const { ipv6, name, port } = authorityPattern.exec(text)?.groups ?? {}
  const host = ipv6 ?? name
  if (host === undefined || Number(port) > 65_535 || !URL.canParse(`http://${text}`)) return undefined
  return { host, port: Number(port) }
}

/** Removes what people paste along with a link: spaces, quotes, angle brackets. Returns undefined for text that is no link at all. */
export function findShareLink(text: string): string | undefined {
  return /^[\s'"<`]*(kcaps:[^\s'">`]*)[\s'">`]*$/i.exec(text)?.[1]
}

/** Replaces the secret part of each link in a text. */
export function hideShareTokens(text: string): string {
  return text.replace(/(kcaps:\/\/[^/\s'"]*)\/[^\s'"]*/gi, '$1/…')
}
