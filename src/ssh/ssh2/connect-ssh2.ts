import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import type { SshHostName } from '../../base/target.ts'
import { refuseForeignSettings } from '../config/foreign-settings.ts'
import { type HostKeyCheck, makeHostKeyCheck } from '../config/host-key-check.ts'
import { findPreferredTypes } from '../config/host-key-order.ts'
import type { SshChain } from '../config/resolve-ssh-chain.ts'
import { loadLoginKeys } from '../login-keys.ts'
import { rememberAnswers } from '../remember-answers.ts'
import { openSecretPrompt } from '../secret-prompt.ts'
import type { SshConnection } from '../ssh-connection.ts'
import type { SshContext } from '../ssh-context.ts'
import { throughJumpHost } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import { holdConnection } from './hold-connection.ts'
import { openForward } from './open-forward.ts'
import { openProxyCommand } from './open-proxy-command.ts'
import { openSshClient } from './open-ssh-client.ts'
import { openSshSocket } from './open-ssh-socket.ts'
import { chooseAlgorithms, type Ssh2Algorithms } from './ssh-algorithms.ts'
import { makeSshLogin, type SshLogin } from './ssh-login.ts'

/**
 * Connects and logs in to each host of a chain through those before it. Rejects with the signal's reason when aborted.
 * @throws {KcapError} ssh-* — when connecting or logging in fails
 */
export async function connectBySsh2(name: SshHostName, chain: SshChain, context: SshContext): Promise<SshConnection> {
  const { signal } = context
  const askSecret = rememberAnswers(context.askSecret, context.answers)
  const host = chain[chain.length - 1] as ResolvedSshHost
  const isLast = (index: number) => index === chain.length - 1
  const at = <Result>(index: number, run: () => Promise<Result>) => (isLast(index) ? run() : throughJumpHost(host, run))
  // Read the files before connecting, to report a missing key at once. The password is for the target host, not for its jump hosts.
  const password = context.environment.KCAP_SSH_PASSWORD || undefined
  const hops = await Promise.all(
    chain.map((one, index) =>
      at(index, () => {
        const hop = { isJumpHost: !isLast(index), password: isLast(index) ? password : undefined }
        return prepareHop(one, name, { ...context, askSecret }, hop)
      }),
    ),
  )
  const root = await at(0, () => openRoot(chain[0], context))
  const clients: Client[] = []
  let socket = root
  try {
    for (const [index, hop] of hops.entries()) {
      await at(index, async () => {
        const [before] = clients
        if (before !== undefined)
          socket = await openForward(before, chain[index - 1] as ResolvedSshHost, hop.host, signal)
        clients.unshift(await logIn(hop, socket, context))
      })
    }
  } catch (error) {
    root.destroy()
    throw error
  }
  return holdConnection(host, {
    root,
    socket,
    clients: clients as [Client, ...Client[]],
    silence: context.silence ?? host.silence,
    isUnproven: () => hops.at(-1)?.hostKeyCheck.isUnproven() === true,
    signal,
  })
}

function openRoot(host: ResolvedSshHost, context: SshContext): Promise<Duplex> {
  const { proxyCommand } = host
  return proxyCommand === undefined
    ? openSshSocket(host, context.signal)
    : openProxyCommand({ ...host, proxyCommand }, context)
}

interface Hop {
  readonly host: ResolvedSshHost
  readonly hostKeyCheck: HostKeyCheck
  readonly login: SshLogin
  readonly algorithms: Ssh2Algorithms
}

/** Prepares the host key check and the login of one hop; each hop has its own. */
async function prepareHop(
  host: ResolvedSshHost,
  { acceptNewHostKey = false }: SshHostName,
  { askSecret, askHostKey, log, tell = log, mayCompress = true, homeFolder, environment, signal }: SshContext,
  { isJumpHost, password }: { readonly isJumpHost: boolean; readonly password: string | undefined },
): Promise<Hop> {
  refuseForeignSettings(host)
  const prompt = openSecretPrompt(host.batchMode ? undefined : askSecret)
  const [hostKeyCheck, keys] = await Promise.all([
    makeHostKeyCheck(host, { acceptNewHostKey, isJumpHost, askHostKey, homeFolder, log, tell }),
    loadLoginKeys(host, { prompt, log }),
  ])
  const knownTypes = await findPreferredTypes(host, hostKeyCheck.knownTypes, { environment, signal })
  const algorithms = chooseAlgorithms({ ...host, compression: host.compression && mayCompress }, knownTypes)
  return { host, hostKeyCheck, algorithms, login: makeSshLogin(host, { keys, prompt, password }) }
}

function logIn({ host, ...hop }: Hop, socket: Duplex, { silence, signal, log }: SshContext): Promise<Client> {
  const { keepaliveIntervalMs } = silence ?? host.silence
  return openSshClient(host, { ...hop, socket, keepaliveIntervalMs, signal, log })
}
