/** Address of a cluster's API server, and the user name and password in its URL. */
export interface ServerAddress {
  /** URL without user name, password, query and fragment. */
  readonly url: URL
  /** `NAME:PASSWORD`; undefined when the URL has none. */
  readonly userInfo: string | undefined
}

/**
 * Parses the `server` of a kubeconfig as client-go does: without a scheme it is http (rest/url_utils.go, DefaultServerURL). Returns undefined when it
 * is not an address of an API server.
 */
export function parseServerAddress(server: string): ServerAddress | undefined {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]/i.test(server)
  const text = hasScheme ? server : `http://${server}`
  if (/[\s\0-\x20\x7f]/.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  if (!hasScheme && /\/./.test(server)) return undefined
  const { username, password } = url
  for (const part of ['username', 'password', 'search', 'hash'] as const) url[part] = ''
  const hasUserInfo = username !== '' || password !== ''
  return { url, userInfo: hasUserInfo ? `${decode(username)}:${decode(password)}` : undefined }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
