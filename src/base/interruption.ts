import { constants } from 'node:os'

/** A signal asked this process to end. Not a failure: it is not reported, and the exit code says which signal it was. */
export class Interruption extends Error {
  readonly exitCode: number

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`interrupted by ${signal}`)
    this.name = 'Interruption'
    // As a shell reports a program that a signal has ended.
    this.exitCode = 128 + constants.signals[signal]
  }
}
