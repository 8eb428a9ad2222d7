import { exitCodes } from '../base/error-codes.ts'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { deleteRecord } from '../record/delete-record.ts'
import { findRecord } from '../record/find-records.ts'
import { withRecordCluster } from './record-cluster.ts'
import { printNote } from './report.ts'

/**
 * Runs `kcap record stop NAME…`: deletes everything that belongs to the records, with what they have kept, and waits until it is gone.
 * @throws {KcapError} record-not-found — when there is no record of that name
 */
export async function stopRecord(argv: readonly string[]): Promise<number> {
  return await withRecordCluster(argv, async ({ parsed, access, clients, namespace, signal }) => {
    if (parsed.words.length === 0)
      throw new KcapError('no-target', 'cannot stop a record: none is named', {
        hints: [line('kcap', 'record', 'stop', 'NAME'), 'kcap record list -A'],
      })
    let left = 0
    for (const name of parsed.words) {
      const record = await findRecord(access, name, namespace, signal)
      const remaining = await deleteRecord(clients, access, record, signal)
      left += remaining
      const what = `the record ${record.namespace}/${name}`
      if (remaining > 0) printNote(`${what} is deleted, but ${remaining} of its pods have not ended yet`)
      else if (!parsed.flag('quiet')) printNote(`${what} is stopped and removed`)
    }
    return left === 0 ? exitCodes.done : exitCodes.failed
  })
}
