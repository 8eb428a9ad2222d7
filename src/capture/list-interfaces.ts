import { KcapError } from '../base/kcap-error.ts'
import { makeToolArgv } from '../remote/capture-command.ts'
import { lacksShell } from '../remote/login-shell.ts'
import type { Route } from '../route/route.ts'
import { runRemote } from './run-remote.ts'

export interface RemoteInterface {
  readonly name: string
  /** `Up, Running, Connected`; empty when tcpdump does not print it. */
  readonly state: string
}

/**
 * Lists the interfaces on the remote host, as its tcpdump reports them.
 * @throws {KcapError} no-capture-program — when the remote host has no tcpdump
 * @throws {KcapError} capture-program-failed — when tcpdump fails
 */
export async function listInterfaces(route: Route, signal: AbortSignal): Promise<RemoteInterface[]> {
  const { stdout, stderr, exitCode } = await runRemote(route.start, makeToolArgv(['tcpdump', '-D']), { signal })
  if (exitCode !== 0 && lacksShell(stderr.split('\n')) && route.useOtherShell?.() === true)
    return await listInterfaces(route, signal)
  if (exitCode === 127)
    throw new KcapError('no-capture-program', 'cannot list interfaces: there is no "tcpdump"', {
      hints: ['--iface any'],
    })
  if (exitCode !== 0)
    throw new KcapError('capture-program-failed', `cannot list interfaces: ${stderr.trim().slice(0, 200)}`, {
      hints: ['--iface any'],
    })
  return parseInterfaces(stdout)
}

/** Maximum number of interfaces; a node with many pods has some hundreds. */
const mostInterfaces = 1_000

/** Parses the output of `tcpdump -D`: `1.eth0 [Up, Running, Connected]` (4.99) or `1.eth0` (older). */
export function parseInterfaces(text: string): RemoteInterface[] {
  const named = text.split('\n').flatMap((line) => {
    const name = /^\d+\.(\S{1,64})(?:\s|$)/.exec(line)?.[1]
    const state = / \[([^\]]{0,64})\]\s*$/.exec(line)?.[1]
    return name === undefined ? [] : [{ name, state: state ?? '' }]
  })
  return named.slice(0, mostInterfaces)
}
