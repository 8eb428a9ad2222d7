import type { Stats } from 'node:fs'
import { claimFile } from '../host/claim-file.ts'
import { makeOutputFault } from './output-error.ts'

/**
 * Claims an output for this capture and returns the function that ends the claim.
 * @throws {Error} INUSE — when another capture is writing to it
 */
export function claimOutput(status: Stats): () => void {
  const end = claimFile(status)
  if (end === undefined) throw makeOutputFault('INUSE')
  return end
}
