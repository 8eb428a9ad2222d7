import type { LogLevel } from '../base/log.ts'
import type { OptionRow } from './option-row.ts'

/** Log levels, the default first. */
const logLevels = ['info', 'debug', 'warn', 'error'] as const satisfies readonly LogLevel[]

/** Options for what kcap reports while it runs. */
export const reportingOptions = [
  { group: 'Reporting', name: 'quiet', short: 'q', kind: 'flag', help: 'print neither progress nor summary' },
  {
    group: 'Reporting',
    name: 'verbose',
    short: 'v',
    kind: 'flag',
    help: 'print each step, and stack traces of errors',
  },
  {
    group: 'Reporting',
    name: 'error-dialog',
    kind: 'flag',
    help: 'show an error in a dialog as well, for starts without a terminal',
  },
  { group: 'Reporting', name: 'json', kind: 'flag', help: 'print progress and summary as JSON lines on stderr' },
  {
    group: 'Reporting',
    name: 'log-file',
    kind: 'text',
    value: 'FILE',
    offers: 'files',
    help: 'write a log to this file, as lines of JSON',
    dialog: {
      type: 'string',
      display: 'Log file',
      tooltip: 'File for the steps of the capture, with the commands that were run.',
      placeholder: 'none',
    },
  },
  {
    group: 'Reporting',
    name: 'log-level',
    kind: 'text',
    value: 'LEVEL',
    choices: logLevels,
    help: 'how much --verbose and the log have: error, warn, info or debug (info)',
    dialog: {
      type: 'selector',
      display: 'Log level',
      tooltip: 'How much the log file has; debug adds each request to the cluster.',
      choices: { info: 'steps', debug: 'steps and requests', warn: 'warnings', error: 'errors' },
    },
  },
] as const satisfies readonly OptionRow[]
