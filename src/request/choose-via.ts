import type { Via } from '../base/capture-request.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { SshHostName, TargetName } from '../base/target.ts'
import { type ParsedArguments, readChoice } from './parse-arguments.ts'

/**
 * Returns the requested route.
 * @throws {KcapError} usage — when a target cannot be reached by it
 */
export function chooseVia(
  parsed: ParsedArguments,
  targets: readonly TargetName[],
  nodeSsh: SshHostName | undefined,
): Via {
  const via = readChoice(parsed, 'via') ?? 'auto'
  if (via !== 'auto' && via !== 'local' && targets.some(({ kind }) => kind === 'local')) {
    throw new KcapError('usage', `cannot capture this machine via ${via}: kcap runs on it`, {
      hints: ['leave --via out', 'a pod of that name: kcap pod/local'],
    })
  }
  if (
    via === 'ssh' &&
    nodeSsh === undefined &&
    parsed.text('ssh-host') === undefined &&
    targets.some(({ kind }) => kind !== 'ssh')
  )
    throw new KcapError('usage', 'cannot capture a pod via ssh: the host that is its node is not named', {
      hints: [
        '--ssh-host NODE --ssh-user root',
        'kubectl get pod -o wide says which node it is',
        '"nodeSsh" in the config names the hosts of all nodes: kcap config init',
      ],
    })
  const host = targets.find(({ kind }) => kind === 'ssh')
  if (via === 'auto' || via === 'ssh' || host === undefined || host.kind !== 'ssh') return via
  throw new KcapError('usage', `cannot capture on "${host.host}" via ${via}: a host is reached by SSH only`, {
    hints: ['leave --via out'],
  })
}
