import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { PeerClusterOptions } from '../peer/peer-cluster-options.ts'
import { type PeerCluster, startPeerCluster } from '../peer/start-peer-cluster.ts'
import { afterThisFile } from './cleanups.ts'
import { makeTempFolder } from './temp-folder.ts'

export interface DemoFixture {
  readonly cluster: PeerCluster
  readonly folder: string
  /** Kubeconfig of the user who may do everything, or of another. */
  kubeconfig(user?: string, more?: { namespace?: string; server?: string; token?: string }): Promise<string>
}

/** Opens a demo cluster for one test file, and closes it after the file: `const demo = await openDemoFixture()` at its top. */
export async function openDemoFixture(options: PeerClusterOptions = {}): Promise<DemoFixture> {
  const folder = await makeTempFolder()
  const cluster = await startPeerCluster(options)
  afterThisFile.add(() => cluster.close())
  let count = 0
  return {
    cluster,
    folder,
    async kubeconfig(user, more = {}) {
      const file = path.join(folder, `kubeconfig-${count++}`)
      await writeFile(file, cluster.kubeconfig({ ...(user !== undefined && { user }), ...more }))
      return file
    },
  }
}
