import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'

/** Time for each target; more is a longer search. */
const seconds = Number(process.env.KCAP_FUZZ_SECONDS ?? 4)
const fixedSeed = 20_261_125
const seed = Number(process.env.KCAP_FUZZ_SEED ?? (process.env.CI ? fixedSeed : Math.floor(Math.random() * 2 ** 31)))
/** Path to a failure that was found, as fast-check prints it. */
const failurePath = process.env.KCAP_FUZZ_PATH
/** Limit of processor time for one input: a busy machine takes longer by the clock. */
const caseLimitMs = 1_000
const hangLimitMs = 60_000

const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Map.prototype]
const describePrototypes = () => prototypes.map((prototype) => Reflect.ownKeys(prototype).map(String).sort())
const prototypesBefore = describePrototypes()
afterAll(() => expect(describePrototypes()).toEqual(prototypesBefore))

/**
 * Returns `check` one input after the other for the time of a target. What it throws fails the test, with the smallest input that does it
 * and what repeats it; so does an input that takes too long.
 */
export function fuzz<Input>(
  name: string,
  inputs: fc.Arbitrary<Input>,
  check: (input: Input) => unknown,
  limitMs = caseLimitMs,
): void {
  test(name, async () => {
    const watchdog = startWatchdog(name)
    let runs = 0
    const property = fc.asyncProperty(inputs, async (input) => {
      watchdog.note(++runs)
      const before = process.cpuUsage()
      await check(input)
      const { user, system } = process.cpuUsage(before)
      const tookMs = (user + system) / 1000
      if (tookMs > limitMs) throw new Error(`it took ${Math.round(tookMs)} ms`)
    })
    try {
      await fc.assert(property, {
        seed,
        ...(failurePath === undefined ? {} : { path: failurePath }),
        numRuns: Number.MAX_SAFE_INTEGER,
        interruptAfterTimeLimit: seconds * 1000,
        includeErrorInReport: true,
      })
    } finally {
      watchdog.close()
      console.log(`${name}: ${runs} inputs, KCAP_FUZZ_SEED=${seed}`)
    }
  })
}

/** Watches from another thread for a loop without end, which can't be interrupted from within. Ends the process and prints the input. */
function startWatchdog(name: string) {
  const run = new Int32Array(new SharedArrayBuffer(4))
  const text = `
    const { workerData: { run, name, seed, limitMs } } = require('node:worker_threads')
    let last = 0
    setInterval(() => {
      if (run[0] > 0 && run[0] === last) {
        require('node:fs').writeSync(2, name + ' hangs: KCAP_FUZZ_SEED=' + seed + ' KCAP_FUZZ_PATH=' + (run[0] - 1) + '\\n')
        process.kill(process.pid, 'SIGKILL')
      }
      last = run[0]
    }, limitMs)`
  const worker = new Worker(text, { eval: true, workerData: { run, name, seed, limitMs: hangLimitMs } })
  worker.unref()
  return {
    note: (count: number) => Atomics.store(run, 0, count),
    close: () => void worker.terminate(),
  }
}

/** Returns the result of the work, or undefined where it throws kcap's own error. Rethrows any other error. */
export function orRefusal<Value>(work: () => Value): Value | undefined {
  try {
    return work()
  } catch (error) {
    return refuse(error)
  }
}

export async function orRefused<Value>(work: Promise<Value>): Promise<Value | undefined> {
  return await work.catch(refuse)
}

function refuse(error: unknown): undefined {
  if (!(error instanceof KcapError) || error.code === 'internal') throw error
  return undefined
}
