import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type DemoCluster, type DemoClusterOptions, startDemoCluster } from '../../src/demo/start-demo-cluster.ts'
import { afterThisFile } from './cleanups.ts'
import { makeTempFolder } from './temp-folder.ts'

export interface DemoFixture {
  readonly cluster: DemoCluster
  readonly folder: string
  /** Kubeconfig of the user who may do everything, or of another. */
  kubeconfig(user?: string, more?: { namespace?: string; server?: string; token?: string }): Promise<string>
}

/** A demo cluster for one test file, closed after it. */
export async function openDemoFixture(options: DemoClusterOptions = {}): Promise<DemoFixture> {
  const folder = await makeTempFolder()
  const cluster = await startDemoCluster(options)
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
