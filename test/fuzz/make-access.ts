import type { ClusterAccess } from '../../src/kube/cluster-access.ts'
import { makeAccess as makePeerAccess } from '../support/api-peer.ts'
import { afterThisFile } from '../support/cleanups.ts'

/** Shared by all tests of a file. */
export function makeAccess(port: number): ClusterAccess {
  const access = makePeerAccess(port)
  afterThisFile.add(() => access.agent.destroy())
  return access
}
