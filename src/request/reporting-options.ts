import type { OptionRow } from './option-row.ts'

/** What is told meanwhile. */
export const reportingOptions: readonly OptionRow[] = [
  { group: 'Reporting', name: 'quiet', short: 'q', kind: 'flag', help: 'print neither progress nor summary' },
  {
    group: 'Reporting',
    name: 'verbose',
    short: 'v',
    kind: 'flag',
    help: 'print each step, and stack traces of errors',
  },
  { group: 'Reporting', name: 'json', kind: 'flag', help: 'print progress and summary as JSON lines on stderr' },
  {
    group: 'Reporting',
    name: 'log-file',
    kind: 'text',
    value: 'FILE',
    offers: 'files',
    help: 'write each step to this file',
    dialog: {
      type: 'string',
      display: 'Log file',
      tooltip: 'File for the steps of the capture, with the commands that were run.',
      placeholder: 'none',
    },
  },
]
