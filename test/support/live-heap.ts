import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Returns the bytes of the heap that are still in use: what waits for the collector is collected first. */
export function measureLiveHeap(): number {
  collect()
  return process.memoryUsage().heapUsed
}
