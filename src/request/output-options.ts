import type { OutputFormat, OutputName, Rotation } from '../base/capture-request.ts'
import { KcapError } from '../base/kcap-error.ts'
import { type ParsedArguments, readChoice } from './parse-arguments.ts'
import { parseCount, parseDuration, parseSize } from './parse-quantity.ts'

/** Minimum size of a file. The names, keys and interfaces that each file repeats need room in addition to its packets. */
const leastFileBytes = 64_000

/**
 * Returns how to split the output into files; undefined for one file.
 * @throws {KcapError} usage — when the output cannot be split, or no limit for a file is given
 */
export function makeRotation(parsed: ParsedArguments, output: OutputName): Rotation | undefined {
  const [size, time, files] = [parsed.text('rotate-size'), parsed.text('rotate-time'), parsed.text('rotate-files')]
  if ((size ?? time ?? files) === undefined) return undefined
  const refuse = (option: string, state: string, hint: string) =>
    new KcapError('usage', `cannot use --${option}: ${state}`, { hints: [hint] })
  const option = size !== undefined ? 'rotate-size' : time !== undefined ? 'rotate-time' : 'rotate-files'
  if (output.kind !== 'file') throw refuse(option, explainOneOutput(output), '-o capture.pcapng')
  if ((size ?? time) === undefined) throw refuse(option, 'nothing says when a file is full', '--rotate-size 100MB')
  const fileBytes = size === undefined ? undefined : parseSize('rotate-size', size)
  if (fileBytes !== undefined && fileBytes < leastFileBytes)
    throw refuse(option, `${size} is less than 64kB, and each file begins with names and keys`, '--rotate-size 1MB')
  return {
    fileBytes,
    fileMs: time === undefined ? undefined : parseDuration('rotate-time', time),
    maxFiles: files === undefined ? undefined : parseCount('rotate-files', files, 1, 100_000),
  }
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
