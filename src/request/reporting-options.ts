import type { OptionRow } from './option-row.ts'

/** What is told meanwhile. */
export const reportingOptions: readonly OptionRow[] = [
  { group: 'Reporting', name: 'quiet', short: 'q', kind: 'flag', help: 'no progress line, no summary' },
  { group: 'Reporting', name: 'verbose', short: 'v', kind: 'flag', help: 'tell each step; stack traces with errors' },
  { group: 'Reporting', name: 'json', kind: 'flag', help: 'progress and summary as JSON lines on stderr' },
  {
    group: 'Reporting',
    name: 'log-file',
    kind: 'text',
    value: 'FILE',
    offers: 'files',
    help: 'write the steps there',
    dialog: {
      type: 'string',
      display: 'Log file',
      tooltip: 'File for the steps of the capture, with the commands that were run.',
      placeholder: 'none',
    },
  },
]
