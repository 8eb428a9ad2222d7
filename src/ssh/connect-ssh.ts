import { homedir } from 'node:os'
import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import type { SshHostName } from '../base/target.ts'
import { type AskHostKey, type HostKeyCheck, makeHostKeyCheck } from './host-key-check.ts'
import { loadLoginKeys } from './login-keys.ts'
import { openForward } from './open-forward.ts'
import { openSshClient } from './open-ssh-client.ts'
import { openSshSocket } from './open-ssh-socket.ts'
import { resolveJumpHost } from './resolve-jump-host.ts'
import { type ResolvedSshHost, resolveSshHost } from './resolve-ssh-host.ts'
import { type AskSecret, openSecretPrompt } from './secret-prompt.ts'
import { chooseAlgorithms, type Ssh2Algorithms } from './ssh-algorithms.ts'
import { holdConnection, type SshConnection } from './ssh-connection.ts'
import { throughJumpHost } from './ssh-error.ts'
import { makeSshLogin, type SshLogin } from './ssh-login.ts'
import type { SilenceLimits } from './watch-silence.ts'

export interface ConnectSshOptions {
  /** Ends the connection, whether it is being made or in use. */
  readonly signal: AbortSignal
  /** For passphrases and passwords; absent: nothing is asked. */
  readonly askSecret?: AskSecret | undefined
  /** For the keys of unknown hosts; absent: they are refused. */
  readonly askHostKey?: AskHostKey | undefined
  readonly log?: ((line: string) => void) | undefined
  /** Whether the connection is compressed where the ssh config says so; absent: yes. */
  readonly mayCompress?: boolean | undefined
  readonly environment?: NodeJS.ProcessEnv | undefined
  readonly homeFolder?: string | undefined
  readonly silence?: SilenceLimits | undefined
}

/** A silent cut is noticed after 15 to 20 s. */
const defaultSilence: SilenceLimits = { keepaliveIntervalMs: 5_000, keepaliveCountMax: 3 }

/** Connects and logs in to a host, through its jump host if it has one. Rejects with a KcapError, or with the signal's reason. */
export async function connectSsh(name: SshHostName, options: ConnectSshOptions): Promise<SshConnection> {
  const context = {
    ...options,
    log: options.log ?? (() => {}),
    environment: options.environment ?? process.env,
    homeFolder: options.homeFolder ?? homedir(),
    silence: options.silence ?? defaultSilence,
  }
  const { signal, silence } = context
  const host = await resolveSshHost(name, context)
  const jump = await resolveJumpHost(name, host, context)
  // The files are read before anything is dialled: a missing key is told at once.
  const toHost = await prepareHop(host, name, context, context.environment.KCAP_SSH_PASSWORD || undefined)
  if (jump === undefined) {
    const root = await openSshSocket(host, signal)
    const client = await logIn(toHost, root, context)
    return holdConnection(host, { root, socket: root, clients: [client], silence, signal })
  }

  const [root, jumpClient] = await throughJumpHost(host, async () => {
    // The password is for the host, not for the one before it.
    const toJump = await prepareHop(jump, name, context, undefined)
    const socket = await openSshSocket(jump, signal)
    return [socket, await logIn(toJump, socket, context)] as const
  })
  try {
    const socket = await openForward(jumpClient, jump, host, signal)
    const client = await logIn(toHost, socket, context)
    return holdConnection(host, { root, socket, clients: [client, jumpClient], silence, signal })
  } catch (error) {
    root.destroy()
    throw error
  }
}

interface Hop {
  readonly host: ResolvedSshHost
  readonly hostKeyCheck: HostKeyCheck
  readonly login: SshLogin
  readonly algorithms: Ssh2Algorithms
}

type Context = Omit<ConnectSshOptions, 'log'> & {
  readonly log: (line: string) => void
  readonly silence: SilenceLimits
}

/** Each hop has its own host key check and its own login. */
async function prepareHop(
  host: ResolvedSshHost,
  { acceptNewHostKey = false }: SshHostName,
  { askSecret, askHostKey, log, mayCompress = true }: Context,
  password: string | undefined,
): Promise<Hop> {
  const prompt = openSecretPrompt(host.batchMode ? undefined : askSecret)
  const [hostKeyCheck, keys] = await Promise.all([
    makeHostKeyCheck(host, { acceptNewHostKey, askHostKey, log }),
    loadLoginKeys(host, { prompt, log }),
  ])
  const algorithms = chooseAlgorithms(
    { ...host, compression: host.compression && mayCompress },
    hostKeyCheck.knownTypes,
  )
  return { host, hostKeyCheck, algorithms, login: makeSshLogin(host, { keys, prompt, password }) }
}

function logIn({ host, ...hop }: Hop, socket: Duplex, { silence, signal, log }: Context): Promise<Client> {
  return openSshClient(host, { ...hop, socket, keepaliveIntervalMs: silence.keepaliveIntervalMs, signal, log })
}
