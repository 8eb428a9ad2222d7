/** A FIFO semaphore. */
export interface Semaphore {
  /** Waits for a permit and returns the function that releases it. Calling that function again has no effect. */
  acquire(): Promise<() => void>
}

export function makeSemaphore(permits: number): Semaphore {
  let taken = 0
  const waiting: (() => void)[] = []
  return {
    async acquire() {
      if (taken >= permits) await new Promise<void>((resolve) => waiting.push(resolve))
      else taken += 1
      let isReleased = false
      return () => {
        if (isReleased) return
        isReleased = true
        const next = waiting.shift()
        if (next === undefined) taken -= 1
        else next()
      }
    },
  }
}
