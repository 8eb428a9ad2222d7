import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

// Prints how long the test files took and how many tests passed; fails where a real test was skipped or a file of test/real did not run.

/** @typedef {{ name: string, startTime: number, endTime: number }} FileResult */
/** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, testResults: FileResult[] }[]} */
const results = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')))
const files = results.flatMap(({ testResults }) => testResults)
const nameOf = (/** @type {FileResult} */ { name }) => path.relative(process.cwd(), name)

console.log('seconds of the slowest test files:')
const took = files.map((file) => ({ name: nameOf(file), seconds: (file.endTime - file.startTime) / 1000 }))
for (const { name, seconds } of took.toSorted((a, b) => b.seconds - a.seconds).slice(0, 30))
  console.log(`${seconds.toFixed(0).padStart(6)}  ${name}`)

/** @param {'numPassedTests' | 'numFailedTests' | 'numPendingTests'} key */
const sum = (key, some = results) => some.reduce((total, result) => total + result[key], 0)
console.log(`${sum('numPassedTests')} passed, ${sum('numFailedTests')} failed, ${sum('numPendingTests')} skipped`)

const real = results.filter(({ testResults }) => testResults.some((file) => nameOf(file).startsWith('test/real/')))
const skipped = sum('numPendingTests', real)
const ran = new Set(files.map(nameOf))
const absent = readdirSync('test/real').filter((name) => name.endsWith('.test.ts') && !ran.has(`test/real/${name}`))
if (skipped > 0) console.error(`${skipped} real tests were skipped`)
if (absent.length > 0) console.error(`did not run: ${absent.join(', ')}`)
if (skipped > 0 || absent.length > 0) process.exit(1)
