import { hideUserInfo } from '../base/hide-user-info.ts'
import { line, noted } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { toExecError, toStartError } from './exec-status.ts'

/** HTTP statuses by reason. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
const httpStatuses: Readonly<Record<string, number>> = { BadRequest: 400, Forbidden: 403, NotFound: 404 }

/**
 * Returns what kept kubectl from running a program, from the last lines of its standard error; undefined when the program itself ended. kubectl
 * prints `Error from server (REASON): …`, `error: …` or `Unable to connect to the server: …` (k8s.io/kubectl/pkg/cmd/util, CheckErr).
 */
export function readKubectlFailure(
  said: string,
  request: { namespace: string; pod: string; container: string; argv: readonly string[] },
  server: URL,
): KcapError | undefined {
  const last = hideUserInfo(said)
    .trimEnd()
    .split('\n')
    .findLast((text) => /^(Error from server|error: |Unable to connect to the server)/.test(text))
  if (last === undefined) return undefined
  const { namespace, pod, container, argv } = request
  const target = `${namespace}/${pod}`
  const refuse = (httpStatus: number, message: string) => {
    // kubectl prints only the message of the Status.
    const details = message === `pods "${pod}" not found` ? { kind: 'pods', name: pod } : undefined
    return toExecError({ server }, request, 'create', httpStatus, JSON.stringify({ kind: 'Status', message, details }))
  }
  if (/^error: .*(must be logged in|Unauthorized)/.test(last)) return refuse(401, '')
  // From 1.30 on, kubectl keeps only the text of a refused WebSocket upgrade.
  const upgrade = /^error: unable to upgrade connection: (.* is forbidden: .*)$/.exec(last)?.[1]
  if (upgrade !== undefined) return refuse(403, upgrade)
  // Newer versions of kubectl look the container up themselves.
  const lookup = /^error: (container .* is not valid for pod .*)$/.exec(last)?.[1]
  if (lookup !== undefined) return refuse(400, lookup)
  const [, reason = '', message = ''] = /^Error from server(?: \((\w+)\))?: (.*)$/.exec(last) ?? []
  const httpStatus = httpStatuses[reason]
  if (httpStatus !== undefined) return refuse(httpStatus, message)
  if (/error executing command in container|OCI runtime|failed to exec in container/i.test(last))
    return toStartError(target, argv[0] ?? '', last)
  return new KcapError('kubectl-failed', `cannot capture in "${target}" through kubectl: ${last.slice(0, 300)}`, {
    hints: [
      noted(
        'see whether kubectl can do it by hand',
        line('kubectl', 'exec', '-n', namespace, pod, '-c', container, '--', 'true'),
      ),
    ],
  })
}
