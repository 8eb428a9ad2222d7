import { isatty } from 'node:tty'
import { watchForStop } from '../host/stop-signals.ts'
import { type ClusterAccess, openCluster } from '../kube/cluster-access.ts'
import { makeTypedClients, type TypedClients } from '../record/typed-clients.ts'
import { applySettings } from '../request/apply-settings.ts'
import { makeClusterScope } from '../request/make-request.ts'
import { type ParsedArguments, parseArguments } from '../request/parse-arguments.ts'
import { type RecordOption, recordOptions } from '../request/record-options.ts'
import { loadSettings } from '../settings/load-settings.ts'
import type { Settings } from '../settings/settings.ts'

const loginTimeoutMs = 60_000

/** What each `kcap record …` works with. */
export interface RecordCluster {
  readonly parsed: ParsedArguments<RecordOption>
  readonly settings: Settings
  readonly access: ClusterAccess
  readonly clients: TypedClients
  /** Namespace that the user named; undefined: all. */
  readonly namespace: string | undefined
  readonly signal: AbortSignal
}

/** Parses a command line, logs in to its cluster, and does some work there. */
export async function withRecordCluster(
  argv: readonly string[],
  work: (cluster: RecordCluster) => Promise<number>,
): Promise<number> {
  const settings = await loadSettings()
  const parsed = applySettings(parseArguments(argv, { more: recordOptions }), settings)
  const stop = watchForStop({ followParent: false })
  const { signal } = stop
  try {
    const interactive = isTerminal()
    const access = await openCluster({ ...makeClusterScope(parsed), signal, timeoutMs: loginTimeoutMs, interactive })
    try {
      const namespace = parsed.flag('all-namespaces') ? undefined : parsed.text('namespace')
      return await work({ parsed, settings, access, clients: makeTypedClients(access, signal), namespace, signal })
    } finally {
      access.close()
    }
  } finally {
    stop.close()
  }
}

export function isTerminal(): boolean {
  return isatty(0) && isatty(2)
}
