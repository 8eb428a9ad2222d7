import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { quoteArgv } from '../../src/base/quote.ts'
import { bareEnvironment, programPath } from './run-kcap.ts'

/** The text that a person waits for on the screen, and the keys typed then, or another action. */
export type Step = readonly [shown: RegExp, act: string | ((terminal: ChildProcess) => void)]

/** Runs kcap on a pseudo-terminal. Each step waits until the screen shows its text after the step before. */
export async function typeOnTerminal(
  argv: readonly string[],
  environment: Record<string, string | undefined>,
  steps: readonly Step[],
): Promise<{ code: number | null; shown: string; missed: number }> {
  const child = spawn('script', ['-qec', quoteArgv([process.execPath, programPath, ...argv]), '/dev/null'], {
    env: { ...process.env, ...bareEnvironment, PATH: '/usr/bin:/bin', ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const waiting = [...steps]
  let shown = ''
  let seen = 0
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString('utf8')
    const [next] = waiting
    if (next === undefined || !next[0].test(shown.slice(seen))) return
    waiting.shift()
    seen = shown.length
    if (typeof next[1] === 'string') child.stdin.write(next[1])
    else next[1](child)
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, shown, missed: waiting.length }
}

/** Finds the program under `script`, which starts it through a shell. */
export function findProgram(terminal: ChildProcess): number {
  const children = (id: number): number[] =>
    readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  const below = (id: number): number[] => children(id).flatMap((child) => [child, ...below(child)])
  return below(terminal.pid ?? 0).at(-1) ?? 0
}
