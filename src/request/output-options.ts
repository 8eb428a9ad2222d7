import type { OutputFormat, OutputName, Rotation } from '../base/capture-request.ts'
import { KcapError } from '../base/kcap-error.ts'
import { type ParsedArguments, readChoice } from './parse-arguments.ts'
import { parseCount, parseDuration, parseSize } from './parse-quantity.ts'

/** Minimum size of a file. The names, keys and interfaces that each file repeats need room in addition to its packets. */
const leastFileBytes = 64_000
/** Minimum size of all files together: room for the longest packet next to a file with names and keys. */
const leastKeepBytes = 1_000_000
/** Default size of a file of a ring. An object store takes it in a few parts, and a reader fetches little more than it needs. */
const defaultFileBytes = 64_000_000
/** Default size of all files that wait for an object store. */
const defaultWaitingBytes = 1_000_000_000
/** Number of files that a ring has at least by default: removing one must not remove most of the packets. */
const leastFiles = 8

/**
 * Returns how to split the output into files; undefined for one file.
 * @throws {KcapError} usage — when the output cannot be split, no limit for a file is given, or the limits contradict each other
 */
export function makeRotation(parsed: ParsedArguments, output: OutputName): Rotation | undefined {
  const [size, time, files] = [parsed.text('rotate-size'), parsed.text('rotate-time'), parsed.text('rotate-files')]
  const keep = parsed.text('keep')
  const isStored = parsed.text('to') !== undefined
  if ((size ?? time ?? files ?? keep) === undefined && !isStored) return undefined
  const refuse = (option: string, state: string, hint: string) =>
    new KcapError('usage', `cannot use --${option}: ${state}`, { hints: [hint] })
  const option =
    size !== undefined
      ? 'rotate-size'
      : time !== undefined
        ? 'rotate-time'
        : files !== undefined
          ? 'rotate-files'
          : keep !== undefined
            ? 'keep'
            : 'to'
  if (output.kind !== 'file' && output.kind !== 'store')
    throw refuse(option, explainOneOutput(output), '-o capture.pcapng')
  if ((size ?? time ?? keep) === undefined && !isStored)
    throw refuse(option, 'nothing says when a file is full', '--rotate-size 100MB')
  const fileBytes = size === undefined ? undefined : parseSize('rotate-size', size)
  if (fileBytes !== undefined && fileBytes < leastFileBytes)
    throw refuse(option, `${size} is less than 64kB, and each file begins with names and keys`, '--rotate-size 1MB')
  const keepBytes =
    keep !== undefined ? parseSize('keep', keep) : output.kind === 'store' ? defaultWaitingBytes : undefined
  if (keepBytes !== undefined && keepBytes < leastKeepBytes)
    throw refuse('keep', `${keep} is less than 1MB, and a single packet may have 262 kB`, '--keep 100MB')
  if (keepBytes !== undefined && fileBytes !== undefined && fileBytes > keepBytes / 2)
    throw refuse(
      'rotate-size',
      `${size} is more than half of ${keep === undefined ? 'the 1GB of --keep' : `--keep ${keep}`}, and the ring would lose most packets with each file`,
      keep === undefined ? '--keep 4GB' : '--keep without --rotate-size chooses a size',
    )
  const maxFiles = files === undefined ? undefined : parseCount('rotate-files', files, 1, 100_000)
  const wantsSize = fileBytes === undefined && (keepBytes !== undefined || isStored)
  const rotation = {
    fileBytes: wantsSize
      ? Math.min(defaultFileBytes, Math.floor((keepBytes ?? Number.POSITIVE_INFINITY) / leastFiles))
      : fileBytes,
    fileMs: time === undefined ? undefined : parseDuration('rotate-time', time),
    maxFiles,
    keepBytes,
  }
  // Files that a time limits may all be shorter.
  if (
    maxFiles !== undefined &&
    keepBytes !== undefined &&
    size !== undefined &&
    maxFiles * (fileBytes ?? 0) > keepBytes
  )
    throw refuse('rotate-files', `${files} files of ${size} are more than --keep ${keep ?? '1GB'}`, '--keep alone')
  return rotation
}

/** Explains why an output cannot be a series of files. */
function explainOneOutput(output: OutputName): string {
  if (output.kind === 'readers') return 'the capture is only shared, and no file is written'
  const name = 'path' in output ? `"${output.path}"` : output.kind === 'stdout' ? 'standard output' : 'Wireshark'
  const state = output.kind === 'pipe' || output.kind === 'fifo' ? 'a pipe' : 'one stream'
  return `only files can follow each other, and ${name} is ${state}`
}

/**
 * Returns the format: by option, or else by the name of the output.
 * @throws {KcapError} usage — when keys are requested in a pcap
 */
export function chooseFormat(parsed: ParsedArguments, output: OutputName): OutputFormat {
  const wanted = readChoice(parsed, 'format')
  const format = wanted ?? ('path' in output && output.path.toLowerCase().endsWith('.pcap') ? 'pcap' : 'pcapng')
  if (format === 'pcap' && (parsed.text('keylog') ?? parsed.text('pod-keylog')) !== undefined) {
    throw new KcapError('usage', 'cannot write keys into a pcap: only a pcapng has a place for them', {
      hints: ['--format pcapng', '-o capture.pcapng'],
    })
  }
  return format
}
