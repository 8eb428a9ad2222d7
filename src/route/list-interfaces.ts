import { KcapError } from '../base/kcap-error.ts'
import { makeToolArgv } from '../remote/capture-command.ts'
import type { Route } from './route.ts'

export interface RemoteInterface {
  readonly name: string
  /** `Up, Running, Connected`; '' where tcpdump does not tell. */
  readonly state: string
}

/** The interfaces on the far side, as its tcpdump lists them. */
export async function listInterfaces(route: Route, signal: AbortSignal): Promise<RemoteInterface[]> {
  const remote = await route.start(makeToolArgv(['tcpdump', '-D']), signal)
  const [stdout, stderr] = await Promise.all([readText(remote.stdout), readText(remote.stderr)])
  const exit = await remote.exited
  if (exit.kind !== 'exited') throw exit.error
  if (exit.code === 127)
    throw new KcapError('no-capture-program', 'cannot list interfaces: there is no "tcpdump"', {
      hints: ['--iface any'],
    })
  if (exit.code !== 0)
    throw new KcapError('capture-program-failed', `cannot list interfaces: ${stderr.trim().slice(0, 200)}`, {
      hints: ['--iface any'],
    })
  return parseInterfaces(stdout)
}

/** `1.eth0 [Up, Running, Connected]` (tcpdump 4.99) or `1.eth0` (older). */
export function parseInterfaces(text: string): RemoteInterface[] {
  return text.split('\n').flatMap((line) => {
    const name = /^\d+\.(\S+)/.exec(line)?.[1]
    const state = / \[([^\]]*)\]\s*$/.exec(line)?.[1]
    return name === undefined ? [] : [{ name, state: state ?? '' }]
  })
}

const maxTextBytes = 64 * 1024

async function readText(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of stream) {
    if (text.length < maxTextBytes) text += chunk.toString('utf8')
  }
  return text
}
