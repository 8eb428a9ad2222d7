import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startProgramProcess } from '../../src/host/program-process.ts'

async function start(line: string) {
  return await startProgramProcess({
    argv: ['sh', '-c', line],
    environment: {},
    explainEnd: ({ exitCode = 0 }) => ({ kind: 'exited', code: exitCode }),
  })
}

test("a reader that is a second slower than the program gets all output after the program's end", async () => {
  const remote = await start('head -c 100000 /dev/zero; echo done >&2; exit 3')
  remote.stderr.resume()
  let length = 0
  for await (const chunk of remote.stdout as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length < 100_000) await sleep(1_500)
  }
  expect([length, await remote.exited]).toEqual([100_000, { kind: 'exited', code: 3 }])
})

test('a process that holds the pipes of an ended program does not delay its end', async () => {
  const remote = await start('sleep 30 & echo $!; exit 4')
  remote.stderr.resume()
  let pid = ''
  remote.stdout.on('data', (chunk: Buffer) => {
    pid += chunk
  })
  expect(await remote.exited).toEqual({ kind: 'exited', code: 4 })
  process.kill(Number(pid))
})

test('a program that kcap abandons ends though nobody reads its output', async () => {
  const remote = await start('head -c 1000000 /dev/zero')
  const reader = remote.stdout[Symbol.asyncIterator]()
  await reader.next()
  remote.kill()
  expect(await remote.exited).toEqual({ kind: 'exited', code: 0 })
})
