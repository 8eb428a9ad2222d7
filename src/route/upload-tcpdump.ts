import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { fileWord, type Hint, line, noted } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { posixChecksum } from '../base/posix-checksum.ts'
import { makeUploadArgv, uploadedNamePrefix } from '../remote/upload-script.ts'
import type { Route } from './route.ts'
import { runRemote } from './run-remote.ts'

const pieceBytes = 32 * 1024
/** 20 MB through a line of 1 Mbit/s. */
const uploadTimeoutMs = 180_000
const maxReasonLength = 1_000
const readyLine = /^ready\n/m
const pathPattern = /^\/[\w./-]{1,200}$/

/**
 * Puts a tcpdump of this machine where a route leads, and gives its path there; the supervisor removes it at the end of the capture. It
 * must be a static one, built for the far side's processor. Throws `upload-failed`.
 */
export async function uploadTcpdump(
  route: Route,
  file: string,
  targetName: string,
  signal: AbortSignal,
): Promise<string> {
  const fail = (state: string, hint: Hint) =>
    new KcapError('upload-failed', `cannot put "${file}" into "${targetName}": ${state}`, { hints: [hint] })
  const program = await readFile(file).catch((error: Error) => {
    throw fail(error.message, '--upload-tcpdump FILE takes a static tcpdump for the processor of the node')
  })
  const name = `${uploadedNamePrefix}${randomBytes(4).toString('hex')}`
  const argv = makeUploadArgv(name, program.length, findMachines(program))
  let isSent = false
  const { stdout, stderr, exitCode } = await runRemote(route.start, argv, {
    signal,
    timeoutMs: uploadTimeoutMs,
    onOutput(printed, stdin) {
      if (isSent || !readyLine.test(printed)) return
      isSent = true
      void sendAll(stdin, program)
    },
  })
  const [path = '', ...sum] = stdout.replace(readyLine, '').trim().split(' ')
  if (exitCode !== 0 || !pathPattern.test(path))
    throw fail(
      stderr.trim().slice(0, maxReasonLength) || `exit code ${exitCode}`,
      'another way: --via ephemeral, --via node-pod',
    )
  const hash = createHash('sha256').update(program).digest('hex')
  const isWhole = sum[0] === hash || sum.join(' ') === `${posixChecksum(program)} ${program.length}`
  if (!isWhole)
    throw fail('what arrived there is not what was sent', noted('what is there', line('ls', '-l', fileWord(path))))
  return path
}

/** By ELF's e_machine; 64-bit kernels run 32-bit programs too. https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
const machinesOf: Readonly<Record<number, readonly string[]>> = {
  3: ['i386', 'i486', 'i586', 'i686', 'x86_64'],
  21: ['ppc64le', 'ppc64'],
  22: ['s390x'],
  40: ['armv7l', 'armv6l', 'armv8l', 'aarch64'],
  62: ['x86_64'],
  183: ['aarch64', 'arm64'],
  243: ['riscv64'],
}

/** As `uname -m` calls those a program runs on; none for what is no ELF program, or one of a machine not known here. */
function findMachines(program: Buffer): readonly string[] {
  const isElf = program.length > 20 && program.readUInt32BE(0) === 0x7f454c46
  const isBigEndian = program[5] === 2
  if (!isElf) return []
  return machinesOf[isBigEndian ? program.readUInt16BE(18) : program.readUInt16LE(18)] ?? []
}

async function sendAll(stdin: Writable, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length && stdin.writable; at += pieceBytes)
    await new Promise<void>((resolve) => stdin.write(bytes.subarray(at, at + pieceBytes), () => resolve()))
}
