import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { KcapError, toKcapError } from '../../base/kcap-error.ts'
import type { RemoteProcess } from '../../base/remote-process.ts'
import type { SshHostName } from '../../base/target.ts'
import { startProgramProcess } from '../../host/program-process.ts'
import { describeOtherPort, describeUnproven } from '../config/host-key-errors.ts'
import type { SshChain } from '../config/resolve-ssh-chain.ts'
import { unreadableKey } from '../login-errors.ts'
import { rememberAnswers } from '../remember-answers.ts'
import type { SshConnection } from '../ssh-connection.ts'
import type { SshContext } from '../ssh-context.ts'
import { connectionLost, sshHostLabel, sshTimeout } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import { makeSshAnswers } from './answer-ssh.ts'
import { type Askpass, openAskpass } from './openssh-askpass.ts'
import { readOpensshFailure } from './openssh-failure.ts'
import { explainHostKey, isRevokedWithoutPort, isUnproven } from './openssh-host-key.ts'
import { makeSshArgv, type SshAnswerer } from './openssh-words.ts'

/** Exit code of ssh's own failures. A remote program may use it too, but then ssh prints nothing. */
const failedExitCode = 255

/**
 * Runs programs on a host through the system's ssh, one process each. The login happens when the first one starts.
 * @throws {KcapError} ssh-key-unreadable — when an explicit key file cannot be read
 */
export async function connectByOpenssh(
  name: SshHostName,
  chain: SshChain,
  context: SshContext,
): Promise<SshConnection> {
  const host = chain[chain.length - 1] as ResolvedSshHost
  // ssh itself skips files it cannot read.
  for (const file of host.explicitIdentityFiles)
    await access(file, constants.R_OK).catch((error: Error) => {
      throw unreadableKey(file, error)
    })
  const { log, tell = log, mayCompress = true, answers: remembered = new Map<string, string>() } = context
  const answerer = findAnswerer(host, context)
  const running = new Map<RemoteProcess, Promise<void>>()
  const onAbort = () => {
    for (const process of running.keys()) process.kill()
  }
  context.signal.addEventListener('abort', onAbort, { once: true })

  /** Starts one ssh, which logs in and asks on its own. */
  async function startProcess(commandLine: string, signal: AbortSignal): Promise<RemoteProcess> {
    signal.throwIfAborted()
    context.signal.throwIfAborted()
    const askSecret = rememberAnswers(context.askSecret, remembered)
    const answers = makeSshAnswers(chain, { ...context, askSecret }, { tell })
    // Needed even when nobody answers: ssh's question shows which key it does not trust.
    const askpass = process.platform === 'win32' ? undefined : await openAskpass(answers.answer).catch(refuseFolder)
    const remote = await startProgramProcess({
      argv: makeSshArgv(name, chain, { commandLine, answerer, mayCompress }),
      environment: { SSH_AUTH_SOCK: context.environment.SSH_AUTH_SOCK, ...askpass?.environment },
      isWaitingForUser: () => askpass?.isAsking() === true,
      onSaid: watchHostKey,
      async explainEnd({ exitCode, said, hasBegun, lossReason, wasSilent }) {
        if (lossReason !== undefined)
          return wasSilent && !hasBegun
            ? { kind: 'refused', error: sshTimeout(host, lossReason) }
            : { kind: 'lost', error: connectionLost(host, lossReason) }
        if (exitCode !== undefined && exitCode !== failedExitCode) return { kind: 'exited', code: exitCode }
        const failure = await readOpensshFailure(said, chain, {
          mayAsk: answerer === 'person',
          stayedLocked: answerer !== 'person' || answers.stayedLocked(),
          untrustedKey: answers.untrustedKey(),
          declinedQuestion: answers.declinedQuestion(),
        }).catch(toKcapError)
        if (failure === undefined) return { kind: 'exited', code: exitCode ?? failedExitCode }
        return hasBegun
          ? { kind: 'lost', error: connectionLost(host, failure.message.replace(/^.*": /, '')) }
          : { kind: 'refused', error: failure }
      },
    }).catch(async (error: NodeJS.ErrnoException) => {
      await askpass?.close()
      throw cannotRunSsh(host, error)
    })
    running.set(remote, endOf(remote, askpass))
    // The abort may have come while ssh was starting.
    if (context.signal.aborted) remote.kill()
    return remote
  }

  let isWrong = false
  let hasUnproven = false
  function watchHostKey(said: string): void {
    if (isWrong) return
    hasUnproven = name.acceptNewHostKey !== true && isUnproven(said, host)
    isWrong = hasUnproven || isRevokedWithoutPort(said)
    if (!isWrong) return
    const describe = hasUnproven ? describeUnproven : describeOtherPort
    void explainHostKey(said.split(/\r?\n/), host, {}).then((refusal) => tell(describe(refusal)))
  }

  function refuseFolder(cause: Error): never {
    const state = `there is no folder for what ssh asks: ${cause.message}`
    throw new KcapError('ssh-failed', `cannot connect to "${sshHostLabel(host)}": ${state}`, {
      hints: ['XDG_RUNTIME_DIR or TMPDIR in the environment name one', '--ssh-client ssh2 needs none'],
      cause,
    })
  }

  async function endOf(remote: RemoteProcess, askpass: Askpass | undefined): Promise<void> {
    await remote.exited
    await askpass?.close()
    running.delete(remote)
  }

  return {
    host,
    isUnproven: () => hasUnproven,
    startProcess,
    async close() {
      onAbort()
      context.signal.removeEventListener('abort', onAbort)
      await Promise.all(running.values())
    },
  }
}

function findAnswerer(host: ResolvedSshHost, { environment, askSecret, askHostKey }: SshContext): SshAnswerer {
  if ((askSecret ?? askHostKey) !== undefined && !host.batchMode) return 'person'
  return environment.KCAP_SSH_PASSWORD ? 'password' : 'nobody'
}

function cannotRunSsh(host: ResolvedSshHost, error: NodeJS.ErrnoException): KcapError {
  const state = error.code === 'ENOENT' ? 'there is no "ssh" on PATH' : error.message
  return new KcapError('ssh-failed', `cannot connect to "${sshHostLabel(host)}": ${state}`, {
    hints: ['--ssh-client ssh2 needs no such program', `PATH is ${process.env.PATH ?? ''}`],
    cause: error,
  })
}
