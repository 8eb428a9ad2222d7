import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, vi } from 'vitest'
import type { CaptureRequest } from '../../src/base/capture-request.ts'
import { startSession } from './session-run.ts'
import { openHome, openServer } from './ssh-fixture.ts'
import { makeKeyPair } from './ssh-server.ts'
import { makeTempFolder } from './temp-folder.ts'

/** Puts a program into a folder, for PATH, that stands for tcpdump: it writes these pieces of a capture, a while after one another, and ends. */
function writeReplayedTcpdump(folder: string, pieces: readonly Buffer[]): void {
  const files = pieces.map((piece, i) => {
    const file = path.join(folder, `piece-${i}`)
    writeFileSync(file, piece)
    return `cat '${file}'`
  })
  const lines = [
    "echo 'tcpdump: listening on any, link-type EN10MB (Ethernet), snapshot length 262144 bytes' >&2",
    files.join('; sleep 0.4; '),
    "printf '9 packets captured\\n9 packets received by filter\\n0 packets dropped by kernel\\n' >&2",
  ]
  writeFileSync(path.join(folder, 'tcpdump'), `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 })
}

const pair = makeKeyPair()

/** Puts a folder first in PATH for each test of the file. Returns the folder of the running test. */
export function useReplayFolder(): () => string {
  let folder = ''
  beforeEach(async () => {
    folder = await makeTempFolder()
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })
  return () => folder
}

/** Captures these pieces of a stream over SSH into a file; `folder` is that of `useReplayFolder`. */
export async function captureReplay(folder: string, pieces: readonly Buffer[], more: Partial<CaptureRequest> = {}) {
  writeReplayedTcpdump(folder, pieces)
  const server = await openServer({ users: { ann: { keys: [pair.public] } } })
  const home = openHome(server.knownHosts)
  home.write('id_ed25519', pair.private)
  const file = path.join(folder, `captured.${more.format ?? 'pcapng'}`)
  const request = { format: 'pcapng', output: { kind: 'file', path: file, overwrite: true }, ...more } as const
  const summary = await startSession(file, home.host(server.port), request).summary
  return { summary, file, bytes: await readFile(file) }
}
