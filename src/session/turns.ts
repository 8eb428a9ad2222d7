/** Lets so many at a time go on; the others wait in the order they came. */
export interface Turns {
  /** Settles when it is the caller's turn; gives a function that ends it, which may be called more than once. */
  take(): Promise<() => void>
}

export function makeTurns(limit: number): Turns {
  let taken = 0
  const waiting: (() => void)[] = []
  return {
    async take() {
      if (taken >= limit) await new Promise<void>((resolve) => waiting.push(resolve))
      else taken += 1
      let isDone = false
      return () => {
        if (isDone) return
        isDone = true
        const next = waiting.shift()
        if (next === undefined) taken -= 1
        else next()
      }
    },
  }
}
