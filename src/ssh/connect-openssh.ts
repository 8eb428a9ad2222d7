import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { KcapError, toKcapError } from '../base/kcap-error.ts'
import type { RemoteProcess } from '../base/remote-process.ts'
import type { SshHostName } from '../base/target.ts'
import { startProgramProcess } from '../host/program-process.ts'
import { canAnswerSsh, makeSshAnswers } from './answer-ssh.ts'
import { unreadableKey } from './login-keys.ts'
import { openAskpass } from './openssh-askpass.ts'
import { readOpensshFailure } from './openssh-failure.ts'
import { makeSshArgv } from './openssh-words.ts'
import type { SshChain } from './resolve-ssh-chain.ts'
import type { ResolvedSshHost } from './resolve-ssh-host.ts'
import type { SshConnection } from './ssh-connection.ts'
import type { SshContext } from './ssh-context.ts'
import { connectionLost, sshHostLabel } from './ssh-error.ts'

/** ssh's own failures; a program on the far side may end with it too, and then ssh says nothing. */
const failedExitCode = 255

/** Runs programs on a host by the system's ssh, one for each; the login is made when the first is started. */
export async function connectByOpenssh(
  name: SshHostName,
  chain: SshChain,
  context: SshContext,
): Promise<SshConnection> {
  const host = chain[chain.length - 1] as ResolvedSshHost
  // ssh itself passes over what it can't read.
  for (const file of host.explicitIdentityFiles)
    await access(file, constants.R_OK).catch((error: Error) => {
      throw unreadableKey(file, error)
    })
  const mayAsk = canAnswerSsh(host, context)
  const answers = makeSshAnswers(host, context)
  const askpass = mayAsk ? await openAskpass(answers.answer) : undefined
  const running = new Set<RemoteProcess>()
  const onAbort = () => {
    for (const process of running) process.kill()
  }
  context.signal.addEventListener('abort', onAbort, { once: true })

  async function startProcess(commandLine: string, signal: AbortSignal): Promise<RemoteProcess> {
    signal.throwIfAborted()
    context.signal.throwIfAborted()
    const remote = await startProgramProcess({
      argv: makeSshArgv(name, host, { commandLine, mayAsk, mayCompress: context.mayCompress ?? true }),
      environment: { SSH_AUTH_SOCK: context.environment.SSH_AUTH_SOCK, ...askpass?.environment },
      isWaitingForUser: () => askpass?.isAsking() === true,
      async explainEnd({ exitCode, said, hasBegun, lossReason }) {
        if (lossReason !== undefined) return { kind: 'lost', error: connectionLost(host, lossReason) }
        if (exitCode !== undefined && exitCode !== failedExitCode) return { kind: 'exited', code: exitCode }
        const failure = await readOpensshFailure(said, chain, {
          mayAsk,
          stayedLocked: !mayAsk || answers.stayedLocked(),
        }).catch(toKcapError)
        if (failure === undefined) return { kind: 'exited', code: exitCode ?? failedExitCode }
        return hasBegun
          ? { kind: 'lost', error: connectionLost(host, failure.message.replace(/^.*": /, '')) }
          : { kind: 'refused', error: failure }
      },
    }).catch((error: NodeJS.ErrnoException) => {
      throw cannotRunSsh(host, error)
    })
    running.add(remote)
    void remote.exited.then(() => running.delete(remote))
    return remote
  }

  return {
    host,
    startProcess,
    async close() {
      onAbort()
      context.signal.removeEventListener('abort', onAbort)
      await Promise.all([...running].map(({ exited }) => exited))
      await askpass?.close()
    },
  }
}

function cannotRunSsh(host: ResolvedSshHost, error: NodeJS.ErrnoException): KcapError {
  const state = error.code === 'ENOENT' ? 'there is no "ssh" on PATH' : error.message
  return new KcapError('ssh-failed', `cannot connect to "${sshHostLabel(host)}": ${state}`, {
    hints: ['--ssh-client ssh2 needs no such program', `PATH is ${process.env.PATH ?? ''}`],
    cause: error,
  })
}
