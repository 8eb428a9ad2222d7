import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { makePrivateFolder } from '../host/private-folder.ts'
import { startDemoCluster } from './start-demo-cluster.ts'

/** Demo cluster, with a kubeconfig for captures as for any cluster. */
export interface OpenDemo {
  readonly kubeconfigPath: string
  readonly context: string
  readonly namespace: string
  /** Pod to capture when none is named. */
  readonly pod: string
  close(): Promise<void>
}

export async function openDemo(options: { packetsPerSecond?: number } = {}): Promise<OpenDemo> {
  const cluster = await startDemoCluster(options)
  // The private folder keeps the token from other users of this machine.
  const folder = makePrivateFolder('demo')
  const kubeconfigPath = path.join(folder, 'kubeconfig')
  await writeFile(kubeconfigPath, cluster.kubeconfig, { mode: 0o600 })
  return {
    kubeconfigPath,
    context: 'kcap-demo',
    namespace: 'prod',
    pod: 'orders-6c9f',
    async close() {
      await cluster.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
