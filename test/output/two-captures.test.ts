import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { afterThisTest } from '../support/cleanups.ts'
import { runKcap, startKcap } from '../support/run-kcap.ts'
import { until } from '../support/start-supervisor.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()
let count = 0

/** A user of its own for each test; what it starts ends with the test. */
function makeUser() {
  const environment = { XDG_CACHE_HOME: path.join(folder, `cache-${count++}`) }
  const running = path.join(environment.XDG_CACHE_HOME, 'kcap', 'run')
  return {
    list: (prefix: string) =>
      (existsSync(running) ? readdirSync(running) : []).filter((name) => name.startsWith(prefix)),
    run: async (argv: readonly string[]) => await runKcap(argv, environment),
    start(argv: readonly string[]) {
      const run = startKcap(argv, environment)
      afterThisTest.add(() => run.child.kill('SIGKILL'))
      return run
    },
  }
}

// The code 'output-in-use', with its text, hints and exit code.
test.each([
  ['a file', [], (name: string) => name],
  [
    'the file of a ring',
    ['--rotate-size', '100MB'],
    () => readdirSync(folder).find((name) => name.startsWith('ring_')),
  ],
])('no other capture may write %s that a capture writes, even with --force', async (_case, options, findName) => {
  const user = makeUser()
  const output = path.join(folder, options.length > 0 ? 'ring.pcapng' : 'x.pcapng')
  const first = user.start(['demo', '-o', output, ...options])
  const find = () => path.join(folder, findName('x.pcapng') ?? 'none')
  await until(() => existsSync(find()) && statSync(find()).size > 0)
  const sizeBefore = statSync(find()).size
  const second = await user.run(['demo', '-o', find(), '--force', '--duration', '1'])
  expect([second.code, second.stderr]).toEqual([
    7,
    `kcap: error: cannot write "${find()}": another capture writes it\nkcap:   hint: -o OTHER-NAME\n`,
  ])
  expect(statSync(find()).size).toBeGreaterThanOrEqual(sizeBefore)
  first.child.kill('SIGKILL')
  await first.ended
  const third = await user.run(['demo', '-o', find(), '--force', '--duration', '1'])
  expect(third.code).toBe(0)
})

test('a second capture into the same FIFO is refused', async () => {
  const user = makeUser()
  const fifo = path.join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  const words = ['--capture', '--extcap-interface', 'kcapdemo', '--fifo', fifo]
  const first = user.start(words)
  await until(() => user.list('write-').length > 0)
  const second = await user.run(words)
  expect([second.code, second.stderr]).toEqual([
    7,
    expect.stringContaining(`cannot write "${fifo}": another capture writes it`),
  ])
  first.child.kill('SIGTERM')
  await first.ended
})

test('the next demo removes the files of a killed one', async () => {
  const user = makeUser()
  const killed = user.start(['demo', '-o', '-'])
  await until(() => user.list('demo.').length > 0)
  killed.child.kill('SIGKILL')
  await killed.ended
  expect(user.list('')).toEqual([expect.stringMatching(/^demo\./)])
  const next = await user.run(['demo', '-o', path.join(folder, 'next.pcapng'), '--duration', '1'])
  expect([next.code, user.list('')]).toEqual([0, []])
})
