import { readFileSync } from 'node:fs'
import path from 'node:path'

// Prints the files of a JSON report in which a test, or what prepares the tests, has failed.

/** @type {{ testResults: { name: string, status: string }[] }} */
const { testResults } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
for (const { name, status } of testResults) if (status !== 'passed') console.log(path.relative(process.cwd(), name))
