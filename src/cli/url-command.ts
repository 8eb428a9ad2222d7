import { exitCodes } from '../base/error-codes.ts'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { formatStreamName, formatTarget, type TargetName } from '../base/target.ts'
import { writeAnswer } from '../host/write-answer.ts'
import { findContext, loadKubeconfig } from '../kube/kubeconfig.ts'
import { applySettings } from '../request/apply-settings.ts'
import { makeTargets } from '../request/make-request.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { refuseOptions } from '../request/refuse-options.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { describeTarget, formatTargetUrl, toLinkedTarget } from '../target/target-url.ts'

/**
 * Runs `kcap url TARGET…`: prints the link to each target, with the context and the namespace that the names refer to here. Asks no cluster.
 * @throws {KcapError} usage — when a link cannot name the target, or has no room for an option
 * @throws {KcapError} no-target — when no target is named
 */
export async function url(argv: readonly string[]): Promise<number> {
  refuseOptions('url', argv, [
    ...(['context', 'kubeconfig', 'namespace', 'pod', 'service', 'workload', 'node', 'target'] as const),
    ...(['port', 'verbose', 'json'] as const),
  ])
  const parsed = applySettings(parseArguments(argv), await loadSettings())
  const targets = makeTargets(parsed)
  if (targets.length === 0)
    throw new KcapError('no-target', 'cannot print a link: no target is named', {
      hints: [line('kcap', 'url', 'svc/SERVICE', '-n', 'NAMESPACE')],
    })
  const kubeconfig = parsed.text('kubeconfig')
  const config = loadKubeconfig({ paths: kubeconfig === undefined ? undefined : [kubeconfig] })
  const context = findContext(config, parsed.text('context'))
  const ports = parsed.list('port').flatMap((list) => list.split(',').map((port) => port.trim()))
  const urls = targets.map((target) => {
    const linked = toLinkedTarget(target) ?? refuse(target)
    const { namespace, word } = describeTarget(linked)
    const own = linked.kind === 'node' ? undefined : (namespace ?? (context.entry.namespace || 'default'))
    return formatTargetUrl({ context: context.name, namespace: own, word, ports })
  })
  return (await writeAnswer(urls.map((text) => `${text}\n`).join(''))) || exitCodes.done
}

function refuse(target: TargetName): never {
  const [what, state] =
    target.kind === 'ssh' || target.kind === 'local'
      ? [target.kind === 'ssh' ? formatTarget({ kind: 'ssh', name: target }) : 'local', 'it names a machine']
      : target.kind === 'stream'
        ? [formatStreamName(target), 'it is a link already, or has none']
        : ['the pods', 'a pattern or selector names any number of pods']
  throw new KcapError('usage', `cannot print a link to "${what}": ${state}, and a link names one object of a cluster`, {
    hints: ['a link to a workload: kcap url deploy/NAME -n NAMESPACE'],
  })
}
