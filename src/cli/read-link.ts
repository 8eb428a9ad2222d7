import { contextWords } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { findShareLink, formatAuthority, formatShareLink, parseShareLink } from '../base/share-link.ts'
import { findResourceKind, resourceKinds } from '../kube/resource-kinds.ts'
import { parseTargetUrl, type TargetUrl } from '../target/target-url.ts'

/** Link that opens kcap, after a strict parse. */
export interface OpenedLink {
  /** Lines that name what to capture, and then ask. They have no secret. */
  readonly question: string
  /** Answer that starts it. */
  readonly agree: string
  /** Arguments of kcap that capture it. */
  readonly argv: readonly string[]
  /** Context that the link names; undefined for a shared capture. */
  readonly context: string | undefined
}

/**
 * Parses a link: `kcap:` names a target, `kcaps:` a shared capture.
 * @throws {KcapError} usage — when the text is neither
 */
export function readLink(url: string): OpenedLink {
  const link = findShareLink(url)
  return link === undefined ? readTargetUrl(parseTargetUrl(url)) : readShareLink(link)
}

function readTargetUrl({ context, namespace, word, ports }: TargetUrl): OpenedLink {
  const [kind = '', name = ''] = word.split('/')
  const lines = [
    `${nameKind(kind)} ${name}`,
    ...(namespace === undefined ? [] : [`namespace ${namespace}`]),
    `context ${context}`,
    ...(ports.length === 0 ? [] : [`${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')}`]),
  ]
  return {
    question: [
      'A link asks for the packets of:',
      ...lines.map((line) => `  ${line}`),
      'Capture them, and show them in Wireshark?',
    ].join('\n'),
    agree: 'Capture',
    argv: [
      ...contextWords(context),
      ...(namespace === undefined ? [] : ['-n', namespace]),
      word,
      ...ports.flatMap((one) => ['--port', one]),
    ],
    context,
  }
}

function nameKind(word: string): string {
  const kind = findResourceKind(word)
  return kind === undefined ? word : resourceKinds[kind].names[0]
}

function readShareLink(url: string): OpenedLink {
  const link = parseShareLink(url)
  // The text is not in the message: it may have a token.
  if (link === undefined) {
    throw new KcapError('usage', 'cannot open the "kcaps:" link: it is no link to a shared capture', {
      hints: ['copy the whole link that "kcap … --serve" printed: kcaps://HOST:PORT/TOKEN#sha256:HEX'],
    })
  }
  return {
    question: `A link leads to the capture shared at ${formatAuthority(link.host, link.port)}.\nShow it in Wireshark?`,
    agree: 'Show',
    argv: [formatShareLink(link)],
    context: undefined,
  }
}
