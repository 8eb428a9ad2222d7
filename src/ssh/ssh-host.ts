import type { HostKeySettings } from './config/host-key-settings.ts'
import type { SshAlgorithms } from './config/supported-algorithms.ts'

export type LoginMethod = 'publickey' | 'keyboard-interactive' | 'password'

export interface SilenceLimits {
  readonly keepaliveIntervalMs: number
  /** Number of intervals without a byte from the host after which the connection counts as lost. */
  readonly keepaliveCountMax: number
}

/** Everything needed to reach one host, as plain data. The user's flags override the ssh config, which overrides OpenSSH's defaults. */
export interface ResolvedSshHost extends HostKeySettings {
  /** Name, address or alias that the user typed. */
  readonly alias: string
  /** Config file to use instead of ~/.ssh/config, as the user named it. */
  readonly configPath?: string
  readonly host: string
  readonly port: number
  readonly user: string
  /** Key files given by flag, which must be readable. */
  readonly explicitIdentityFiles: readonly string[]
  /** Key files from the config, or OpenSSH's default names. Missing ones are skipped. */
  readonly identityFiles: readonly string[]
  readonly identitiesOnly: boolean
  readonly agentSocket?: string
  /** Login methods in the order to try them. */
  readonly loginMethods: readonly LoginMethod[]
  readonly passwordPrompts: number
  /** BatchMode: whether kcap must not ask the user anything. */
  readonly batchMode: boolean
  readonly connectTimeoutMs: number
  /** Attempts to connect, a second apart. */
  readonly connectionAttempts: number
  /** AddressFamily; undefined means any. */
  readonly addressFamily?: 4 | 6
  /** Variables for each program started on the host. */
  readonly sentEnvironment: Readonly<Record<string, string>>
  /** Whether to ask the host to compress its output. */
  readonly compression: boolean
  /** Allowed algorithms by kind; undefined means ssh2's own choice. */
  readonly algorithms: SshAlgorithms
  readonly silence: SilenceLimits
  /** Jump hosts as comma-separated `[USER@]HOST[:PORT]`. */
  readonly proxyJump?: string
  /** ProxyCommand for a shell, tokens unexpanded. */
  readonly proxyCommand?: string
  /** Certificates, which ssh2 does not support. */
  readonly certificateFiles: readonly string[]
  readonly controlPath?: string
  /** Whether ControlPath has tokens that only ssh can expand. */
  readonly isControlPathUnclear: boolean
  readonly usesGssapi: boolean
  /** Lines of the config that only ssh supports. */
  readonly foreignSettings: readonly string[]
}
