import type { CaptureRequest } from '../base/capture-request.ts'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { quoteArgv } from '../base/quote.ts'
import { clusterOf, type RecorderName } from '../base/target.ts'
import { programWords } from '../host/program-name.ts'
import { findRecord } from '../record/find-records.ts'
import { listRecorders } from '../record/list-recorders.ts'
import { makeClusterScope, makeRequest } from '../request/make-request.ts'
import { omitStoreOptions, readRecordedPart } from '../request/recorded-part.ts'
import { chooseOutput, runCapture } from './capture-command.ts'
import { withRecordCluster } from './record-cluster.ts'

/**
 * Runs `kcap record attach NAME` and `kcap record fetch NAME`: reads from all recorders, as a capture of several sources. Fetched packets are merged
 * in strict order of time.
 * @throws {KcapError} no-target, usage — when no record, or several, are named, or a time is invalid
 * @throws {KcapError} record-not-found — when there is no record of that name
 */
export async function readRecord(command: 'attach' | 'fetch', argv: readonly string[]): Promise<number> {
  return await withRecordCluster(argv, async ({ parsed, settings, access, namespace, signal }) => {
    const [name, ...surplus] = parsed.words
    if (name === undefined || surplus.length > 0)
      throw new KcapError(
        name === undefined ? 'no-target' : 'usage',
        `cannot ${command} a record: exactly one must be named`,
        {
          hints: ['kcap record list -A', line('kcap', 'record', command, 'NAME')],
        },
      )
    const part = command === 'fetch' ? readRecordedPart(parsed) : undefined
    const record = await findRecord(access, name, namespace, signal)
    const targets = listRecorders(record, clusterOf(makeClusterScope(parsed)), part)
    const commandLine = quoteArgv([...programWords, 'record', command, ...argv])
    const own = omitStoreOptions(parsed)
    const request = makeRequest(own, { output: chooseOutput(own), commandLine, settings, targets })
    return await runCapture(parsed, adapt(request, targets), signal)
  })
}

/** Makes all recorders sources at once. A recording that broke off is resumed where it stopped, not read again from its start. */
function adapt(request: CaptureRequest, targets: readonly RecorderName[]): CaptureRequest {
  const isFetched = targets.some(({ part }) => part !== undefined)
  return {
    ...request,
    maxPods: Math.max(request.maxPods, targets.length),
    ...(isFetched && { reconnectMs: 0 }),
  }
}
