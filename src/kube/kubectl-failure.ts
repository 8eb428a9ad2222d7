import { KcapError } from '../base/kcap-error.ts'
import { toStartError } from './exec-status.ts'
import { toApiError } from './kube-error.ts'

/**
 * What kept kubectl from running a program, from the last lines of its standard error; undefined when the program itself ended. kubectl
 * prints `Error from server (REASON): …`, `error: …` or `Unable to connect to the server: …` (k8s.io/kubectl/pkg/cmd/util, CheckErr).
 */
export function readKubectlFailure(
  said: string,
  { namespace, pod, container, argv }: { namespace: string; pod: string; container: string; argv: readonly string[] },
  server: URL,
): KcapError | undefined {
  const line = said
    .trimEnd()
    .split('\n')
    .findLast((text) => /^(Error from server|error: |Unable to connect to the server)/.test(text))
  if (line === undefined) return undefined
  const target = `${namespace}/${pod}`
  if (/^error: .*(must be logged in|Unauthorized)/.test(line)) return toApiError(server, execAction(namespace), 401, '')
  const [, reason, message = ''] = /^Error from server(?: \((\w+)\))?: (.*)$/.exec(line) ?? []
  if (reason === 'Forbidden') {
    const status = JSON.stringify({ kind: 'Status', message })
    return toApiError(server, execAction(namespace), 403, status)
  }
  if (reason === 'NotFound') {
    return new KcapError('pod-not-found', `cannot capture in "${target}": the pod is gone`, {
      hints: [`kcap list pods -n ${namespace}`],
    })
  }
  if (/container .* is not valid|container not found/.test(line)) {
    return new KcapError('container-not-found', `cannot capture in "${target}": it has no container "${container}"`, {
      hints: [`kubectl get pod -n ${namespace} ${pod} -o jsonpath='{.spec.containers[*].name}'`],
    })
  }
  if (/error executing command in container|OCI runtime|failed to exec in container/i.test(line))
    return toStartError(target, argv[0] ?? '', line)
  return new KcapError('kubectl-failed', `cannot capture in "${target}" through kubectl: ${line.slice(0, 300)}`, {
    hints: [`see whether kubectl can do it by hand: kubectl exec -n ${namespace} ${pod} -c ${container} -- true`],
  })
}

const execAction = (namespace: string) => ({ verb: 'create', resource: 'pods/exec', namespace }) as const
