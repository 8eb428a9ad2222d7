import { gunzipSync, gzipSync } from 'node:zlib'
import { fixedTime, listFolders, sortEntries } from './entry.js'

/** @typedef {import('./entry.js').Entry} Entry */

const blockSize = 512

/**
 * Makes a gzipped ustar archive: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06
 * @param {readonly Entry[]} entries
 */
export function formatTarGz(entries) {
  const folders = listFolders(entries).map((name) => formatHeader(`${name}/`, '5', 0o755, 0))
  const files = sortEntries(entries).flatMap(({ name, content, isProgram }) => [
    formatHeader(name, '0', isProgram ? 0o755 : 0o644, content.length),
    content,
    Buffer.alloc(-content.length & (blockSize - 1)),
  ])
  const packed = gzipSync(Buffer.concat([...folders, ...files, Buffer.alloc(2 * blockSize)]))
  // The operating system field (RFC 1952, OS): Node writes its own.
  packed[9] = 255
  return packed
}

/**
 * @param {string} name
 * @param {'0' | '5'} type
 * @param {number} mode
 * @param {number} size
 */
function formatHeader(name, type, mode, size) {
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
  const tar = gunzipSync(archive)
  for (let at = 0; at + blockSize <= tar.length && tar[at] !== 0; ) {
    const text = (/** @type {number} */ from, /** @type {number} */ to) =>
      tar.toString('utf8', at + from, at + to).replace(/\0.*$/s, '')
    const size = Number.parseInt(text(124, 136), 8)
    if (text(0, 100) === wanted) return tar.subarray(at + blockSize, at + blockSize + size)
    at += blockSize + Math.ceil(size / blockSize) * blockSize
  }
  return undefined
}
