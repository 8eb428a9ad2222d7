import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'

export interface SshPathContext {
  readonly typedHost: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly hostKeyAlias?: string | undefined
  readonly homeFolder: string
  readonly environment: NodeJS.ProcessEnv
}

/** `~`, `${NAME}` and the tokens of https://man.openbsd.org/ssh_config#TOKENS in a file name; `ssh -G` leaves them as they are. */
export function expandSshPath(path: string, context: SshPathContext): string {
  const local = hostname()
  const tokens = {
    d: context.homeFolder,
    h: context.host,
    i: String(process.getuid?.() ?? ''),
    k: context.hostKeyAlias ?? context.typedHost,
    L: local.split('.')[0] ?? local,
    l: local,
    n: context.typedHost,
    p: String(context.port),
    r: context.user,
    u: userInfo().username,
  }
  const home = path.replace(/^~(?=$|[/\\])/, () => join(context.homeFolder))
  return expandSshTokens(home, tokens).replace(
    /\$\{(\w+)\}/g,
    (whole, name: string) => ownText(context.environment, name) ?? whole,
  )
}

/** A variable that is there: every object has a "constructor". */
export function ownText(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  return Object.hasOwn(environment, name) ? environment[name] : undefined
}

/** Puts values in the place of `%h` and the like; `%%` is a percent sign, what is unknown stays. */
export function expandSshTokens(text: string, tokens: Readonly<Record<string, string>>): string {
  return text.replace(/%([%a-zA-Z])/g, (whole, token: string) => (token === '%' ? token : (tokens[token] ?? whole)))
}
