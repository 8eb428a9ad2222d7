import { createServer } from 'node:net'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readAgentKeyTypes } from '../../src/ssh/agent-key-types.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

test('kcap waits no longer for an agent that answers byte by byte than for a silent one', async () => {
  const agentPath = path.join(await makeTempFolder(), 'agent')
  const agent = createServer((socket) => {
    const timer = setInterval(() => socket.write('\0'), 200)
    socket.on('error', () => {}).on('close', () => clearInterval(timer))
  })
  await new Promise<void>((resolve) => agent.listen(agentPath, resolve))
  afterThisTest.add(() => new Promise((resolve) => agent.close(resolve)))
  const startMs = performance.now()
  expect(await readAgentKeyTypes(agentPath)).toEqual([])
  expect(performance.now() - startMs).toBeLessThan(4_000)
})
