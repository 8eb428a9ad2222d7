import { type Hint, line, noted } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { PodTarget, RoutedTarget, SshTarget } from '../base/target.ts'

/** Adds the hints that only the target can fill in to an error of a capture's start. */
export function withTargetHints(error: unknown, target: RoutedTarget): unknown {
  if (!(error instanceof KcapError)) return error
  const more = targetHints(error, target)
  if (more.length === 0) return error
  return new KcapError(error.code, error.message, { hints: [...error.remedies, ...more], cause: error.cause })
}

function targetHints({ code }: KcapError, target: RoutedTarget): Hint[] {
  if (code !== 'not-a-capture' || target.kind === 'node' || target.kind === 'local') return []
  return [noted('see what it prints', line(...shellArgv(target), 'tcpdump', '--version'))]
}

/** Returns the command that starts a program on the target by hand. */
function shellArgv(target: PodTarget | SshTarget): string[] {
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
