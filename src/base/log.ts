/** How much a log has, from the least to the most. */
const logLevels = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/** What a log entry says beside its message, for programs that read the log. */
export interface LogFields {
  /** Default: `info`. */
  readonly level?: LogLevel
  readonly component?: 'kube' | 'plugin' | 'route' | 'session' | 'ssh'
  /** `shop/orders-6c9f`, `ssh://root@10.0.0.10` */
  readonly target?: string
  /** Of an HTTP request: no query, which may be long. */
  readonly method?: string
  readonly path?: string
  readonly status?: number | undefined
  /** How long it took. */
  readonly tookMs?: number
  /** Which attempt failed, from 1. */
  readonly attempt?: number
  readonly program?: string
  readonly exitCode?: number | undefined
  /** What an SSH connection uses. */
  readonly algorithms?: Readonly<Record<string, string>>
}

/** Writes an entry of the log. Never throws: a capture is worth more than its log. */
export type WriteLog = (message: string, fields?: LogFields) => void

/** Returns the level of a word of the command line; `info` for none. */
export function toLogLevel(word: string | undefined): LogLevel {
  return logLevels.find((level) => level === word) ?? 'info'
}

/** Returns whether a log of this level has an entry. */
export function isLogged({ level = 'info' }: LogFields, logLevel: LogLevel): boolean {
  return logLevels.indexOf(level) <= logLevels.indexOf(logLevel)
}
