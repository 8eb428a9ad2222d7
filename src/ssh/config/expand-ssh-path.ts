import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { findAccount } from '../../host/account.ts'

export interface SshPathContext {
  readonly typedHost: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly hostKeyAlias?: string | undefined
  /** Jump hosts as comma-separated `[USER@]HOST[:PORT]`. */
  readonly proxyJump?: string | undefined
  readonly homeFolder: string
  readonly environment: NodeJS.ProcessEnv
}

export interface ExpandedPath {
  readonly path: string
  /** Token or variable that only the user's own ssh can replace, or that nothing can; it stays in the path. */
  readonly unclear?: string
}

/** Expands `~`, `${NAME}` and the tokens of https://man.openbsd.org/ssh_config#TOKENS in a file name; `ssh -G` leaves them unexpanded. */
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
    // Versions before 9.6 leave out the jump host (ssh.c, ssh_connection_hash).
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

/** Returns the name of the last jump host, without user and port. */
function hostOf(proxyJump: string): string {
  const last = proxyJump.split(',').at(-1) ?? ''
  return last.replace(/^(?:ssh:\/\/)?(?:.*@)?/, '').replace(/^\[([^\]]*)\].*$|:\d+$/, '$1')
}

/** Returns a variable that is set. A plain lookup would also find inherited properties such as "constructor". */
export function ownText(environment: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return Object.hasOwn(environment, name) ? environment[name] : undefined
}

/** Replaces `%h` and similar tokens with their values. `%%` becomes a percent sign; unknown tokens stay. */
export function expandSshTokens(text: string, tokens: Readonly<Record<string, string>>): string {
  return text.replace(/%([%a-zA-Z])/g, (whole, token: string) => (token === '%' ? token : (tokens[token] ?? whole)))
}
