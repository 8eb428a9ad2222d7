import { quote } from '../base/quote.ts'

/** Returns a shell script that finds these values in its variables. */
export function assignVariables(values: Readonly<Record<string, string | number>>, script: string): string {
  const assignments = Object.entries(values).map(([name, value]) => `${name}=${quote(String(value))}\n`)
  return `${assignments.join('')}${script}`
}
