import type { CaptureRequest } from '../../src/base/capture-request.ts'
import { defaultSettings } from '../../src/settings/settings.ts'

/** A capture of everything that its targets have, into a file; `more` says otherwise. */
export function makeCaptureRequest(
  file: string,
  more: Pick<CaptureRequest, 'targets'> & Partial<CaptureRequest>,
): CaptureRequest {
  return {
    via: 'auto',
    consent: [],
    debug: defaultSettings('').debug,
    follow: true,
    names: false,
    reconnectMs: 600_000,
    maxPods: 50,
    mergeWindowMs: 200,
    capture: { interfaceName: 'any', filter: '', filterExpressions: [], snapLength: 0, compression: 'auto' },
    limits: {},
    output: { kind: 'file', path: file, overwrite: false },
    format: 'pcapng',
    commandLine: 'kcap',
    ...more,
  }
}
