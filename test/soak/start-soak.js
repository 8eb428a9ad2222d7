import { parseArgs } from 'node:util'
import { startVitest } from 'vitest/node'

// `npm run soak -- --minutes 120`: Vitest's own command line refuses options it does not know.
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '5' } } })
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new Error(`--minutes "${values.minutes}" is no number of minutes`)
process.env.KCAP_SOAK_MINUTES = String(minutes)
await startVitest('test', [], { project: 'soak', watch: false, disableConsoleIntercept: true })
