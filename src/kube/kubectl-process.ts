import path from 'node:path'
import { KcapError } from '../base/kcap-error.ts'
import type { RemoteProcess } from '../base/remote-process.ts'
import type { ClusterName } from '../base/target.ts'
import { startProgramProcess } from '../host/program-process.ts'
import type { ClusterAccess } from './cluster-access.ts'
import type { ExecRequest } from './exec-channel.ts'
import { readKubectlFailure } from './kubectl-failure.ts'

/**
 * Runs an argv in a container with the user's kubectl, which speaks SPDY, or WebSocket from 1.31 on.
 * @throws {KcapError} kubectl-missing — when kubectl can't be started
 */
export async function startKubectlExec(
  access: ClusterAccess,
  cluster: ClusterName,
  request: ExecRequest,
): Promise<RemoteProcess> {
  const { namespace, pod, container, argv, signal } = request
  const words = [`--context=${access.context}`, `--namespace=${namespace}`, `--container=${container}`, '--stdin']
  const { kubeconfigPaths: paths, actAs = { groups: [] } } = cluster
  if (actAs.user !== undefined) words.push(`--as=${actAs.user}`)
  if (actAs.uid !== undefined) words.push(`--as-uid=${actAs.uid}`)
  words.push(...actAs.groups.map((group) => `--as-group=${group}`))
  const target = `${namespace}/${pod}`
  signal.throwIfAborted()
  return await startProgramProcess({
    argv: ['kubectl', 'exec', ...words, `pod/${pod}`, '--', ...argv],
    environment: paths === undefined ? {} : { KUBECONFIG: paths.join(path.delimiter) },
    explainEnd({ exitCode, said, hasBegun, lossReason }) {
      if (lossReason !== undefined) return { kind: 'lost', error: connectionLost(target, lossReason) }
      const failure = exitCode === 0 ? undefined : readKubectlFailure(said, request, access.server)
      if (failure === undefined) return { kind: 'exited', code: exitCode ?? 1 }
      return hasBegun
        ? { kind: 'lost', error: connectionLost(target, failure.message) }
        : { kind: 'refused', error: failure }
    },
  }).catch(refuseMissing)
}

function refuseMissing(error: NodeJS.ErrnoException): never {
  throw new KcapError('kubectl-missing', `cannot start "kubectl": ${error.message}`, {
    hints: [
      'leave --via out: kcap needs no kubectl where the login has "get pods/exec"',
      `PATH is ${process.env.PATH ?? ''}`,
    ],
    cause: error,
  })
}

function connectionLost(target: string, reason: string): KcapError {
  return new KcapError(
    'connection-lost',
    `cannot continue capturing "${target}": kubectl's connection is lost: ${reason}`,
    {
      hints: ['the packets up to here are kept; start the same command again'],
    },
  )
}
