import type { FileFigures } from '../base/file-figures.ts'

/** Maximum length of an index object; the names of a thousand interfaces fit. */
export const maxIndexBytes = 256 * 1024
const maxNames = 1_000
const maxTextLength = 1_024

/** Files that the ring removed before they could be stored. */
export interface LostFiles {
  readonly files: number
  readonly packets: number
  readonly bytes: number
}

/** Description of the capture that stores a file. */
export interface StoredCapture {
  /** Name that the files of the capture have in common. */
  readonly name: string
  readonly version: string
  readonly host: string
  /** Kubernetes node, if known. */
  readonly node?: string | undefined
  readonly targets: string
}

/** What `<key>.json` says about a file in the store. */
export interface StoredFile {
  /** Key of the file. */
  readonly key: string
  readonly bytes: number
  readonly packets: number
  /** Dropped packets of the whole capture, in its last file; undefined when unknown. */
  readonly dropped: number | undefined
  readonly firstNs: bigint | undefined
  readonly lastNs: bigint | undefined
  /** Interfaces, which have the names of pods, services and hosts. */
  readonly interfaces: readonly string[]
  readonly sha256: string
  /** Files lost between the previous one and this one; undefined: none. */
  readonly lostBefore: LostFiles | undefined
  readonly capture: StoredCapture
}

/** End of the key of an index object, after the key of its file. */
export const indexSuffix = '.json'

/** Formats the index object of a file. Times are decimal texts, because a JSON number cannot hold nanoseconds. */
export function formatIndexObject(
  key: string,
  figures: FileFigures,
  { sha256, lostBefore, capture }: Pick<StoredFile, 'sha256' | 'lostBefore' | 'capture'>,
): string {
  const { version, host, node, targets, name } = capture
  const names = figures.interfaces.slice(0, maxNames).map((text) => text.slice(0, maxTextLength))
  return `${JSON.stringify(
    {
      kcap: version,
      capture: name,
      host,
      ...(node !== undefined && { node }),
      targets: targets.slice(0, maxTextLength),
      file: key,
      bytes: figures.bytes,
      sha256,
      packets: figures.packets,
      dropped: figures.dropped ?? null,
      firstNs: figures.firstNs?.toString() ?? null,
      lastNs: figures.lastNs?.toString() ?? null,
      interfaces: names,
      lostBefore: lostBefore ?? null,
    },
    undefined,
    1,
  )}\n`
}

/** Parses an index object; returns undefined for any other text. `key` is the key of its file, which must be the one that it names. */
export function parseIndexObject(key: string, text: string): StoredFile | undefined {
  if (text.length > maxIndexBytes) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { file, bytes, packets, dropped, firstNs, lastNs, interfaces, sha256, lostBefore, ...capture } =
    value as Record<string, unknown>
  if (file !== key || !isCount(bytes) || !isCount(packets) || typeof sha256 !== 'string') return undefined
  if (!/^[\da-f]{64}$/.test(sha256)) return undefined
  return {
    key,
    bytes,
    packets,
    dropped: isCount(dropped) ? dropped : undefined,
    firstNs: parseTime(firstNs),
    lastNs: parseTime(lastNs),
    interfaces: Array.isArray(interfaces) ? interfaces.slice(0, maxNames).map(toText) : [],
    sha256,
    lostBefore: parseLost(lostBefore),
    capture: {
      name: toText(capture.capture),
      version: toText(capture.kcap),
      host: toText(capture.host),
      node: typeof capture.node === 'string' ? toText(capture.node) : undefined,
      targets: toText(capture.targets),
    },
  }
}

function parseLost(value: unknown): LostFiles | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { files, packets, bytes } = value as Record<string, unknown>
  return isCount(files) && isCount(packets) && isCount(bytes) ? { files, packets, bytes } : undefined
}

function parseTime(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, maxTextLength) : ''
}
