import { vi } from 'vitest'
import { runCli } from '../../src/cli/run-cli.ts'
import { bareEnvironment } from './run-kcap.ts'

/** Sets in this process the environment of a program that startKcap starts, until the test file ends. */
export function seeEnvironment(environment: Record<string, string> = {}): void {
  for (const [name, value] of Object.entries({ ...bareEnvironment, ...environment })) vi.stubEnv(name, value)
}

/** Runs the program within this process, for tests that need no process of its own; returns its output and exit code. */
export async function runCliHere(argv: readonly string[], environment: Record<string, string> = {}) {
  return await runHere(() => runCli(argv), environment)
}

export async function runHere(work: () => Promise<number>, environment: Record<string, string> = {}) {
  const before = Object.keys({ ...bareEnvironment, ...environment }).map((name) => [name, process.env[name]] as const)
  seeEnvironment(environment)
  const [stdout, stderr] = [keepWrites(process.stdout), keepWrites(process.stderr)]
  try {
    const code = await work()
    return { code, stdout: stdout.text(), stderr: stderr.text() }
  } finally {
    stdout.stop()
    stderr.stop()
    for (const [name, value] of before) vi.stubEnv(name, value)
  }
}

function keepWrites(stream: NodeJS.WriteStream) {
  let text = ''
  const spy = vi.spyOn(stream, 'write').mockImplementation((chunk, ...more) => {
    text += chunk.toString()
    for (const written of more) if (typeof written === 'function') written()
    return true
  })
  return { text: () => text, stop: () => spy.mockRestore() }
}
