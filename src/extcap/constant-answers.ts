import { version } from '../base/version.ts'
import { formatDialog } from './dialog.ts'
import { formatDlts } from './dlts.ts'

/** Answers that are the same for everybody; the build inserts them into launchers/launcher.sh. */
export const constantAnswers: Readonly<Record<string, string>> = {
  version,
  dlts: formatDlts(),
  'demo-dialog': formatDialog({ kind: 'demo' }),
  'shared-dialog': formatDialog({ kind: 'shared' }),
  'record-dialog': formatDialog({
    kind: 'record',
    contextPart: 'any',
    namespace: 'any',
    name: 'any',
    value: 'any',
  }),
  'ssh-dialog': formatDialog({ kind: 'ssh' }),
  'ssh-host-dialog': formatDialog({ kind: 'ssh', hostPart: 'any' }),
  'workload-dialog': formatDialog({
    kind: 'workload',
    contextPart: 'any',
    namespace: 'any',
    workload: 'deploy',
    name: 'any',
    value: 'any',
  }),
  'pod-dialog': formatDialog({ kind: 'pod', contextPart: 'any', namespace: 'any', pod: 'any', value: 'any' }),
}
