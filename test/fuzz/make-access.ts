import { Agent } from 'node:http'
import type { ClusterAccess } from '../../src/kube/cluster-access.ts'
import { afterThisFile } from '../support/cleanups.ts'

/** A login at whatever listens on a port of loopback, without TLS. */
export function makeAccess(port: number): ClusterAccess {
  const agent = new Agent({ keepAlive: true })
  afterThisFile.add(() => agent.destroy())
  return {
    context: 'fuzz',
    namespace: 'shop',
    server: new URL(`http://127.0.0.1:${port}`),
    agent,
    headers: {},
    hasExpired: () => false,
    renew: async () => {},
    close: () => {},
  }
}
