/** Log levels, from fewest to most entries. */
const logLevels = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/** Structured fields of a log entry, for programs that read the log. */
export interface LogFields {
  /** Default: `info`. */
  readonly level?: LogLevel
  readonly component?: 'kube' | 'plugin' | 'route' | 'session' | 'ssh'
  /** Target label: `shop/orders-6c9f`, `ssh://root@10.0.0.10`. */
  readonly target?: string
  /** HTTP method and path of a request. The query is left out because it may be long. */
  readonly method?: string
  readonly path?: string
  readonly status?: number | undefined
  /** Duration. */
  readonly tookMs?: number
  /** Number of the failed attempt, from 1. */
  readonly attempt?: number
  readonly program?: string
  readonly exitCode?: number | undefined
  /** Algorithms of an SSH connection. */
  readonly algorithms?: Readonly<Record<string, string>>
}

/** Writes a log entry. Never throws: a capture is worth more than its log. */
export type WriteLog = (message: string, fields?: LogFields) => void

/** Returns the log level for a word from the command line; `info` for anything else. */
export function toLogLevel(word: string | undefined): LogLevel {
  return logLevels.find((level) => level === word) ?? 'info'
}

/** Returns whether a log of this level includes the entry. */
export function isLogged({ level = 'info' }: LogFields, logLevel: LogLevel): boolean {
  return logLevels.indexOf(level) <= logLevels.indexOf(logLevel)
}
