import type { Stats } from 'node:fs'
import { claimFile } from '../host/claim-file.ts'
import { makeOutputFault } from './output-error.ts'

/** Claims an output for this capture; returns what ends the claim. Throws where another capture writes it. */
export function claimOutput(status: Stats): () => void {
  const end = claimFile(status)
  if (end === undefined) throw makeOutputFault('INUSE')
  return end
}
