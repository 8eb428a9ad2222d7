import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { parseBlocks } from '../support/packets.ts'
import { programPath } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

test.runIf(process.platform === 'linux')(
  'a capture whose terminal is closed ends whole, as a hang-up ends programs',
  async () => {
    const folder = await makeTempFolder()
    const file = path.join(folder, 'out.pcapng')
    const ended = path.join(folder, 'ended')
    // The kernel signals the shell, which signals its jobs as an interactive shell does. It outlives its terminal to print how kcap ended.
    const command = `'${process.execPath}' '${programPath}' demo -o '${file}'`
    const line = `${command} & job=$!; trap "kill -HUP $job" HUP; wait $job; wait $job; echo $? > '${ended}'`
    const terminal = spawn('script', ['-qfc', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'], detached: true })
    let shown = ''
    terminal.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString()
    })
    await vi.waitFor(() => expect(shown).toMatch(/[1-9]\d* packets/), 20_000)
    terminal.kill('SIGKILL')
    await vi.waitFor(() => expect(existsSync(ended) && readFileSync(ended, 'utf8')).toBe('129\n'), 10_000)
    expect(parseBlocks(readFileSync(file)).filter(({ type }) => type === 6).length).toBeGreaterThan(0)
  },
)
