import { gunzipSync, gzipSync } from 'node:zlib'
import { fixedTime, listFolders, sortEntries } from './entry.js'

/** @typedef {import('./entry.js').Entry} Entry */

const blockSize = 512

/**
 * Makes a ustar archive: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06
 * @param {readonly Entry[]} entries
 * @param {Readonly<Record<string, number>>} folders modes of folders that hold none of these files, or that have another mode than 0755
 */
export function formatTar(entries, folders = {}) {
  const names = [...new Set([...listFolders(entries), ...Object.keys(folders)])].toSorted()
  const headers = names.map((name) => formatHeader(`${name}/`, '5', folders[name] ?? 0o755, 0))
  const files = sortEntries(entries).flatMap(({ name, content, isProgram, linkTo }) =>
    linkTo === undefined
      ? [
          formatHeader(name, '0', isProgram ? 0o755 : 0o644, content.length),
          content,
          Buffer.alloc(-content.length & (blockSize - 1)),
        ]
      : [formatHeader(name, '2', 0o777, 0, linkTo)],
  )
  return Buffer.concat([...headers, ...files, Buffer.alloc(2 * blockSize)])
}

/** @param {readonly Entry[]} entries */
export function formatTarGz(entries) {
  return gzip(formatTar(entries))
}

/** Compresses to the same bytes on every system. @param {Buffer} content */
export function gzip(content) {
  const packed = gzipSync(content)
  // The operating system field (RFC 1952, OS): Node writes its own.
  packed[9] = 255
  return packed
}

/**
 * @param {string} name
 * @param {'0' | '2' | '5'} type
 * @param {number} mode
 * @param {number} size
 * @param {string} linkTo
 */
function formatHeader(name, type, mode, size, linkTo = '') {
  if (Buffer.byteLength(linkTo) > 100) throw new Error(`cannot archive "${name}": its target is too long for ustar`)
  const header = Buffer.alloc(blockSize)
  const octal = (/** @type {number} */ value, /** @type {number} */ digits) =>
    `${value.toString(8).padStart(digits, '0')}\0`
  const [prefix, last] = splitName(name)
  header.write(last, 0)
  header.write(octal(mode, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  header.write(octal(size, 11), 124)
  header.write(octal(fixedTime, 11), 136)
  header.write('        ', 148)
  header.write(type, 156)
  header.write(linkTo, 157)
  header.write('ustar\x0000', 257)
  header.write('root', 265)
  header.write('root', 297)
  header.write(prefix, 345)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${octal(sum, 6)} `, 148)
  return header
}

/**
 * Splits a name of more than 100 bytes at a `/`.
 * @param {string} name
 * @returns {[string, string]}
 */
function splitName(name) {
  if (Buffer.byteLength(name) <= 100) return ['', name]
  const cut = name.indexOf('/', name.length - 101)
  if (cut < 1 || cut > 155) throw new Error(`cannot archive "${name}": its name is too long for ustar`)
  return [name.slice(0, cut), name.slice(cut + 1)]
}

/**
 * Returns a file of such an archive; undefined: absent. Files of npm packages have short names.
 * @param {Buffer} archive
 * @param {string} wanted
 */
export function readTarGz(archive, wanted) {
  for (const { name, content } of readTar(gunzipSync(archive))) if (name === wanted) return content
  return undefined
}

/**
 * Reads an archive whose names fit into ustar; GNU's records for longer ones are entries of the type `L`.
 * @param {Buffer} tar
 * @returns {Generator<Entry & { type: string }>}
 */
export function* readTar(tar) {
  for (let at = 0; at + blockSize <= tar.length && tar[at] !== 0; ) {
    const text = (/** @type {number} */ from, /** @type {number} */ to) =>
      tar.toString('utf8', at + from, at + to).replace(/\0.*$/s, '')
    const size = Number.parseInt(text(124, 136), 8)
    const isProgram = (Number.parseInt(text(100, 108), 8) & 0o111) !== 0
    const type = text(156, 157)
    const content = tar.subarray(at + blockSize, at + blockSize + size)
    const name = text(0, 100)
    yield { name, content, isProgram, type, ...(type === '2' && { linkTo: text(157, 257) }) }
    at += blockSize + Math.ceil(size / blockSize) * blockSize
  }
}
