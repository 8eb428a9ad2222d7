import { exitCodes } from '../base/error-codes.ts'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { printable, printableJson } from '../base/printable.ts'
import { findLeftovers } from '../cleanup/find-leftovers.ts'
import type { FoundLeftover } from '../cleanup/leftover.ts'
import { watchForStop } from '../host/stop-signals.ts'
import { openCluster } from '../kube/cluster-access.ts'
import { applySettings } from '../request/apply-settings.ts'
import { commandTable } from '../request/command-table.ts'
import { makeClusterScope } from '../request/make-request.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { loadSettings } from '../settings/load-settings.ts'

const loginTimeoutMs = 20_000

/**
 * Runs `kcap cleanup [--dry-run]`: removes the leftovers of captures in the namespace, or with -A in all of them. Exits with 1 if it could not look
 * everywhere.
 * @throws {KcapError} usage — when a word is given, because it looks in whole namespaces
 */
export async function cleanup(argv: readonly string[]): Promise<number> {
  const parsed = applySettings(parseArguments(argv, { more: commandTable.cleanup.options }), await loadSettings())
  const [word] = parsed.words
  if (word !== undefined)
    throw new KcapError('usage', `cannot clean up "${word}": it looks in whole namespaces`, {
      hints: [line('kcap', 'cleanup', '-n', word.split('/')[0] ?? word, '--dry-run'), 'kcap cleanup -A --dry-run'],
    })
  const stop = watchForStop({ followParent: false })
  const { signal } = stop
  const scope = makeClusterScope(parsed)
  const dryRun = parsed.flag('dry-run')
  const isJson = parsed.flag('json')
  const failures: string[] = []
  const access = await openCluster({
    ...scope,
    signal,
    timeoutMs: loginTimeoutMs,
    interactive: process.stdin.isTTY === true,
  })
  try {
    const namespace = parsed.flag('all-namespaces') ? undefined : (scope.namespace ?? access.namespace)
    let count = 0
    const found = findLeftovers(access, {
      namespace,
      dryRun,
      force: parsed.flag('force'),
      signal,
      onFailure: (place, reason) => failures.push(`${place}: ${reason}`),
    })
    for await (const leftover of found) {
      count++
      process.stdout.write(isJson ? `${printableJson(leftover)}\n` : formatLeftover(leftover))
    }
    const where = namespace === undefined ? 'in all namespaces' : `in the namespace "${namespace}" (-A looks in all)`
    if (count === 0 && !isJson) process.stdout.write(`no leftovers of kcap ${where}\n`)
    for (const failure of failures) process.stderr.write(`kcap: not looked into ${printable(failure)}\n`)
    return failures.length > 0 ? exitCodes.failed : exitCodes.done
  } finally {
    access.close()
    stop.close()
  }
}

function formatLeftover({ state, place, what }: FoundLeftover): string {
  return `${state.padEnd(8)} ${printable(place)}: ${printable(what)}\n`
}
