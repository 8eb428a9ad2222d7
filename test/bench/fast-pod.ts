import { findPod } from '../real/lab.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { installFastTcpdump } from './fast-tcpdump.ts'

/** A pod of the lab whose container `api` has the fast tcpdump, and a folder for what is captured there. */
export interface FastPod {
  readonly folder: string
  readonly pod: string
  remove(): Promise<void>
}

export async function prepareFastPod(): Promise<FastPod> {
  const folder = await makeTempFolder()
  const pod = await findPod('orders')
  return { folder, pod, remove: await installFastTcpdump(folder, pod) }
}
