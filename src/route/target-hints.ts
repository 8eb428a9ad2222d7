import { KcapError } from '../base/kcap-error.ts'
import { quote, quoteArgv } from '../base/quote.ts'
import type { PodTarget, Target } from '../base/target.ts'

const liftedByNode = new Set(['no-shell', 'no-capture-program', 'capture-not-permitted'])

/** An error of a capture's start gets the lines that only its target can fill in. */
export function withTargetHints(error: unknown, target: Target): unknown {
  if (!(error instanceof KcapError)) return error
  const more = targetHints(error, target)
  if (more.length === 0) return error
  return new KcapError(error.code, error.message, { hints: [...error.hints, ...more], cause: error.cause })
}

function targetHints({ code }: KcapError, target: Target): string[] {
  if (code === 'not-a-capture') return [`see what it prints: ${quoteArgv(shellArgv(target))} tcpdump --version`]
  // A pod that can't be captured from inside can be from its node.
  if (target.kind === 'pod' && liftedByNode.has(code)) return ["or capture on the pod's node:", nodeCommand(target)]
  return []
}

/** What starts a program on the target by hand. */
function shellArgv(target: Target): string[] {
  if (target.kind === 'pod') {
    const { context, namespace, pod, container } = target
    return ['kubectl', '--context', context, 'exec', '-n', namespace, pod, '-c', container, '--']
  }
  const { host, user, port, sshConfigPath } = target.name
  return [
    'ssh',
    ...(sshConfigPath === undefined ? [] : ['-F', sshConfigPath]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    user === undefined ? host : `${user}@${host}`,
  ]
}

function nodeCommand({ node, addresses, hostNetwork }: PodTarget): string {
  const host = `kcap --ssh-host ${quote(node ?? 'NODE')}`
  // A pod on the node's own network has no address of its own to filter by.
  if (hostNetwork) return host
  const known = addresses.length === 0 ? ['POD-ADDRESS'] : addresses
  return `${host} --filter ${quote(known.map((address) => `host ${address}`).join(' or '))}`
}
