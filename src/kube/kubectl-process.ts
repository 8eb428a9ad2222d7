import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import path from 'node:path'
import { KcapError } from '../base/kcap-error.ts'
import type { RemoteExit, RemoteProcess } from '../base/remote-process.ts'
import type { ClusterScope } from '../base/target.ts'
import { startProgram } from '../host/start-program.ts'
import type { ClusterAccess } from './cluster-access.ts'
import type { ExecRequest } from './exec-channel.ts'
import { readKubectlFailure } from './kubectl-failure.ts'

/** As of the exec channel: the far side answers a heartbeat every few seconds. */
const silenceLimitMs = 15_000
const silenceCheckMs = 1_000
/** What is kept of the words that tell why kubectl ended. */
const maxKeptLength = 4096
/** After kubectl's end its pipes are read so long. */
const lingerMs = 1_000

/**
 * Runs an argv in a container by the user's kubectl, which speaks SPDY, or a WebSocket from 1.31 on, and passes proxies that kcap does
 * not. Throws `kubectl-missing`.
 */
export async function startKubectlExec(
  access: ClusterAccess,
  cluster: Pick<ClusterScope, 'kubeconfigPaths'>,
  request: ExecRequest,
): Promise<RemoteProcess> {
  const { namespace, pod, container, argv, signal } = request
  const words = [`--context=${access.context}`, `--namespace=${namespace}`, `--container=${container}`, '--stdin']
  const paths = cluster.kubeconfigPaths
  signal.throwIfAborted()
  const child = await startProgram(
    ['kubectl', 'exec', ...words, `pod/${pod}`, '--', ...argv],
    paths === undefined ? {} : { KUBECONFIG: paths.join(path.delimiter) },
  ).catch(refuseMissing)
  const { stdin, stdout, stderr } = child
  let said = ''
  stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-maxKeptLength)
  })
  // Nothing is lost: it flows on when somebody reads it.
  stderr.pause()
  stdin.on('error', () => {})
  let lossReason: string | undefined
  const end = (reason: string) => {
    lossReason ??= reason
    killGroup(child)
  }
  const stopWatching = watchSilence([stdout as Socket, stderr as Socket], () =>
    end(`nothing was heard for ${silenceLimitMs / 1000} s`),
  )
  child.once('exit', () => {
    // What kubectl has started may hold on to its pipes.
    setTimeout(() => {
      for (const stream of [stdin, stdout, stderr]) stream.destroy()
    }, lingerMs).unref()
  })
  const exited = new Promise<RemoteExit>((resolve) => {
    child.once('close', (code) => {
      stopWatching()
      const target = `${namespace}/${pod}`
      if (lossReason !== undefined) return resolve({ kind: 'lost', error: connectionLost(target, lossReason) })
      const failure = code === 0 ? undefined : readKubectlFailure(said, request, access.server)
      if (failure === undefined) return resolve({ kind: 'exited', code: code ?? 1 })
      const hasBegun = (stdout as Socket).bytesRead > 0
      resolve(
        hasBegun
          ? { kind: 'lost', error: connectionLost(target, failure.message) }
          : { kind: 'refused', error: failure },
      )
    })
  })
  return { stdout, stderr, stdin, exited, kill: () => end('kcap ended it') }
}

/** kubectl may be a script that runs the real one: it leads a group of its own. */
function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, 'SIGKILL')
    else child.kill('SIGKILL')
  } catch {
    // It has ended in the meantime.
  }
}

function refuseMissing(error: NodeJS.ErrnoException): never {
  const state = error.code === 'ENOENT' ? 'there is no such program on PATH' : error.message
  throw new KcapError('kubectl-missing', `cannot start "kubectl": ${state}`, {
    hints: [
      'leave --via out: kcap needs no kubectl where the login has "get pods/exec"',
      `PATH is ${process.env.PATH ?? ''}`,
    ],
    cause: error,
  })
}

function connectionLost(target: string, reason: string): KcapError {
  return new KcapError(
    'connection-lost',
    `cannot go on capturing "${target}": kubectl's connection is lost: ${reason}`,
    {
      hints: ['the packets up to here are kept; start the same command again'],
    },
  )
}

/** Calls `onSilent` once when nothing came for long, though somebody was ready to read. */
function watchSilence(outputs: readonly Socket[], onSilent: () => void): () => void {
  let heardBytes = 0
  let lastHeardMs = Date.now()
  const timer = setInterval(() => {
    const bytes = outputs.reduce((sum, output) => sum + output.bytesRead, 0)
    // While the reader here is slow, nothing is taken from kubectl: that is no silence of the far side.
    if (bytes !== heardBytes || outputs[0]?.isPaused() === true) lastHeardMs = Date.now()
    heardBytes = bytes
    if (Date.now() - lastHeardMs <= silenceLimitMs) return
    clearInterval(timer)
    onSilent()
  }, silenceCheckMs)
  return () => clearInterval(timer)
}
