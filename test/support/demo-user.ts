import { mkdtemp, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'vitest'
import type { PeerClusterOptions } from '../peer/peer-cluster-options.ts'
import { type DemoFixture, openDemoFixture } from './demo.ts'
import { runCliHere } from './run-cli-here.ts'
import { startKcap } from './run-kcap.ts'

/** A PATH without programs, so that no kubectl of this machine is found. */
const emptyPath = '/nonexistent'

/** Uses kcap as one user of the demo cluster; only what is started is a process of its own. */
export interface DemoUser {
  /** Captures a few packets into a file; returns how that ended and the lines of standard error. */
  capture(...argv: string[]): Promise<{ code: number | null; lines: string[]; file: string }>
  run(...argv: string[]): Promise<{ code: number | null; stdout: string; lines: string[] }>
  start(...argv: string[]): ReturnType<typeof startKcap>
}

export async function makeDemoUser(
  demo: DemoFixture,
  user?: string,
  environment: Record<string, string> = {},
): Promise<DemoUser> {
  const folder = await mkdtemp(path.join(demo.folder, 'user-'))
  const variables = { KUBECONFIG: await demo.kubeconfig(user), PATH: emptyPath, ...environment }
  const toLines = (stderr: string) => stderr.trimEnd().split('\n')
  let count = 0
  return {
    async capture(...argv) {
      const file = path.join(folder, `${++count}.pcapng`)
      const { code, stderr } = await runCliHere([...argv, '--no-names', '--count', '20', '-o', file], variables)
      return { code, lines: toLines(stderr), file }
    },
    async run(...argv) {
      const { code, stdout, stderr } = await runCliHere(argv, variables)
      return { code, stdout, lines: toLines(stderr) }
    },
    start: (...argv) => startKcap(argv, variables),
  }
}

/** Opens a demo cluster with busy, fast-starting pods and containers, and its admin. */
export async function openDemoUsers(options: PeerClusterOptions = {}): Promise<{ demo: DemoFixture; admin: DemoUser }> {
  const demo = await openDemoFixture({ packetsPerSecond: 500, startDelayMs: 20, ...options })
  return { demo, admin: await makeDemoUser(demo) }
}

/** The line of `capture` for a source without errors. */
export const captured: unknown = expect.stringMatching(/: 20 packets, /)

/** Requests that a piece of work makes, without their queries: `PATCH /api/v1/…`. */
export async function requestsOf(demo: DemoFixture, work: () => Promise<unknown>): Promise<string[]> {
  const before = demo.cluster.requests.length
  await work()
  return demo.cluster.requests.slice(before).map(({ method, path: url }) => `${method} ${url.replace(/\?.*$/, '')}`)
}

/** A config file of kcap with this text; returns its path. */
export async function writeConfig(demo: DemoFixture, text: string): Promise<string> {
  const file = path.join(await mkdtemp(path.join(demo.folder, 'config-')), 'config.yaml')
  await writeFile(file, text)
  return file
}

/** The first lines of a refusal: the sentence and its hints, as they are shown. */
export function expectRefusal(lines: readonly string[], message: string, ...hints: readonly string[]): void {
  expect(lines[0]).toBe(`kcap: error: ${message}`)
  for (const hint of hints) expect(lines).toContain(`kcap:   hint: ${hint}`)
}
