import { constants } from 'node:os'

/** Request to end this process by a signal. It is no failure: nothing is reported, and the exit code shows the signal. */
export class Interruption extends Error {
  readonly exitCode: number

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`interrupted by ${signal}`)
    this.name = 'Interruption'
    // A shell reports a program killed by a signal the same way.
    this.exitCode = 128 + constants.signals[signal]
  }
}
