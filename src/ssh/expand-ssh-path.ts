import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { findAccount } from '../host/account.ts'

export interface SshPathContext {
  readonly typedHost: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly hostKeyAlias?: string | undefined
  /** [USER@]HOST[:PORT], comma-separated hops. */
  readonly proxyJump?: string | undefined
  readonly homeFolder: string
  readonly environment: NodeJS.ProcessEnv
}

export interface ExpandedPath {
  readonly path: string
  /** Token or variable that only the user's own ssh can replace, or that none can; it stays in the path. */
  readonly unclear?: string
}

/** `~`, `${NAME}` and the tokens of https://man.openbsd.org/ssh_config#TOKENS in a file name; `ssh -G` leaves them as they are. */
export function expandSshPath(path: string, context: SshPathContext): ExpandedPath {
  let unclear: string | undefined
  const tokens = makeTokens(context)
  const whole = path
    .replace(/^~(?=$|[/\\])/, () => join(context.homeFolder))
    .replace(/%(.?)|\$\{(\w+)\}/g, (word, token: string | undefined, name = '') => {
      const value = token === undefined ? ownText(context.environment, name) : ownText(tokens, token)
      if (value === undefined || (token === 'C' && context.proxyJump !== undefined)) unclear ??= word
      return value ?? word
    })
  return { path: whole, ...(unclear === undefined ? {} : { unclear }) }
}

function makeTokens(context: SshPathContext): Readonly<Record<string, string>> {
  const { typedHost, host, port, user, hostKeyAlias, proxyJump = '', homeFolder } = context
  const local = hostname()
  const jumpHost = hostOf(proxyJump)
  return {
    '%': '%',
    // Of versions before 9.6 without the jump host (ssh.c, ssh_connection_hash).
    C: createHash('sha1').update(`${local}${host}${port}${user}${jumpHost}`).digest('hex'),
    d: homeFolder,
    h: host,
    i: String(process.getuid?.() ?? ''),
    j: jumpHost,
    k: hostKeyAlias ?? typedHost,
    L: local.split('.')[0] ?? local,
    l: local,
    n: typedHost,
    p: String(port),
    r: user,
    u: findAccount().name ?? '',
  }
}

/** Name of the last jump host, without user and port. */
function hostOf(proxyJump: string): string {
  const last = proxyJump.split(',').at(-1) ?? ''
  return last.replace(/^(?:ssh:\/\/)?(?:.*@)?/, '').replace(/^\[([^\]]*)\].*$|:\d+$/, '$1')
}

/** A variable that is there: every object has a "constructor". */
export function ownText(environment: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return Object.hasOwn(environment, name) ? environment[name] : undefined
}

/** Puts values in the place of `%h` and the like; `%%` is a percent sign, what is unknown stays. */
export function expandSshTokens(text: string, tokens: Readonly<Record<string, string>>): string {
  return text.replace(/%([%a-zA-Z])/g, (whole, token: string) => (token === '%' ? token : (tokens[token] ?? whole)))
}
