import { KcapError } from '../base/kcap-error.ts'
import { readChunks } from '../base/read-chunks.ts'
import type { RemoteExit, RemoteProcess } from '../base/remote-process.ts'
import type { RecorderName } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { openExecChannel } from '../kube/exec-channel.ts'
import { beatMs, recorderContainer } from './recording-protocol.ts'
import type { StreamConnection } from './stream-connection.ts'
import { streamError, streamLost } from './stream-error.ts'

/** Maximum length of what a recorder says on standard error. */
const maxStderrLength = 2_000
/** Number of bytes that wait for each of the readers on the path; a record may have a hundred recorders. */
const waitingBytes = 32 * 1024

/** A program that runs in the container of a recorder. */
export interface RecorderProcess {
  readonly chunks: AsyncGenerator<readonly Buffer[]>
  /** Settles when the program has ended: undefined after a regular end, else why it failed or broke off. */
  readonly ended: Promise<KcapError | undefined>
  close(): void
}

/**
 * Runs kcap in the container of a recorder. A byte on standard input every few seconds shows that this side still reads.
 * @throws {KcapError} api-*, pod-not-found, container-not-found, connection-lost — when it can't be started
 */
export async function runInRecorder(
  name: RecorderName,
  access: ClusterAccess,
  words: readonly string[],
  signal: AbortSignal,
): Promise<RecorderProcess> {
  const { namespace, pod, state } = name
  if (pod === undefined) throw streamError('stream-unreachable', name, `no recorder runs there: ${state}`)
  const argv = ['kcap', 'record', ...words]
  const remote = await openExecChannel(access, {
    namespace,
    pod,
    container: recorderContainer,
    argv,
    highWaterMark: waitingBytes,
    signal,
  })
  const timer = setInterval(() => remote.stdin.write('\n'), beatMs)
  let isClosing = false
  const stderr = collectStderr(remote)
  const ended = remote.exited.then((exit) => {
    clearInterval(timer)
    return isClosing ? undefined : explainExit(name, exit, stderr())
  })
  return {
    chunks: readChunks(remote.stdout, waitingBytes),
    ended,
    close() {
      isClosing = true
      remote.kill()
    },
  }
}

/**
 * Connects to what a recorder captures from now on.
 * @throws {KcapError} api-*, pod-not-found, container-not-found, connection-lost — when it can't be read
 */
export async function connectRecorder(
  name: RecorderName,
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<StreamConnection> {
  return await runInRecorder(name, access, ['pipe'], signal)
}

function collectStderr({ stderr }: RemoteProcess): () => string {
  let text = ''
  stderr.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('utf8')).trimStart().slice(-maxStderrLength)
  })
  return () => text.trim()
}

function explainExit(name: RecorderName, exit: RemoteExit, stderr: string): KcapError | undefined {
  if (exit.kind === 'lost') return streamLost(name, exit.error.message)
  if (exit.kind === 'refused')
    return streamError('stream-unreachable', name, `its kcap does not start: ${exit.error.message}`)
  if (exit.code === 0) return undefined
  const [first = ''] = stderr.split('\n')
  const state = first === '' ? `its kcap ended with exit code ${exit.code}` : first.replace(/^kcap: (error: )?/, '')
  return streamError('stream-unreachable', name, state)
}

/** Returns an error as one of this stream's. */
export function toRecorderError(name: RecorderName, error: unknown): KcapError {
  return error instanceof KcapError ? error : streamError('corrupt-capture', name, (error as Error).message)
}
