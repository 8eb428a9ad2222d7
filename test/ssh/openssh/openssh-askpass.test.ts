import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { type AnswerSsh, type Askpass, openAskpass } from '../../../src/ssh/openssh/openssh-askpass.ts'
import { until } from '../../support/start-supervisor.ts'

const run = promisify(execFile)
const open: Askpass[] = []
afterEach(async () => {
  for (const askpass of open.splice(0)) await askpass.close()
})

async function openIt(answer: AnswerSsh) {
  const askpass = await openAskpass(answer)
  open.push(askpass)
  const { SSH_ASKPASS: program = '', KCAP_ASKPASS_SOCKET: socket = '' } = askpass.environment
  const environment = (kind: string) => ({ ...process.env, ...askpass.environment, SSH_ASKPASS_PROMPT: kind })
  return { askpass, program, socket, environment }
}

test('askpass carries a question to kcap and its answer to ssh, whatever they contain', async () => {
  const { program, environment } = await openIt(async (question, kind) => `${kind} “${question}” $(id) '"\\`)
  const { stdout } = await run(program, ["pass'word “of” €\n?"], { env: environment('confirm') })
  expect(stdout).toBe(`confirm “pass'word “of” €\n?” $(id) '"\\\n`)
})

test('askpass fails for a question without an answer, also where answering throws', async () => {
  const { askpass, program, environment } = await openIt(async (question) => {
    if (question === 'throw') throw new Error('no terminal')
    return undefined
  })
  await expect(run(program, ['none'], { env: environment('') })).rejects.toMatchObject({ code: 1 })
  await expect(run(program, ['throw'], { env: environment('') })).rejects.toMatchObject({ code: 1 })
  await until(() => !askpass.isAsking())
})

test('an askpass client that ends in the middle of its question asks nothing', async () => {
  const asked: string[] = []
  const { askpass, socket } = await openIt(async (question) => String(asked.push(question)))
  for (const words of ['["half a quest', '', '7\n', 'x'.repeat(20_000)]) {
    const asker = connect(socket, () => asker.end(words)).on('error', () => {})
    asker.resume()
    await once(asker, 'close')
  }
  await until(() => !askpass.isAsking())
  expect(asked).toEqual([])
})

test('kcap waits for the user while ssh waits for a touch of a security key', async () => {
  const told: string[] = []
  const { askpass, program, environment } = await openIt(async (question) => {
    told.push(question)
    return undefined
  })
  const notifier = spawn(program, ['Confirm user presence'], { env: environment('none'), stdio: 'ignore' })
  await until(() => told.length > 0)
  expect(askpass.isAsking()).toBe(true)
  notifier.kill()
  await until(() => !askpass.isAsking())
  expect(told).toEqual(['Confirm user presence'])
})

test('the askpass socket is in a private folder, which is removed with it', async () => {
  const { askpass, socket } = await openIt(async () => 'yes')
  expect(path.basename(path.dirname(socket))).toMatch(/^ask\./)
  expect(statSync(path.dirname(socket)).mode & 0o777).toBe(0o700)
  await askpass.close()
  expect(existsSync(path.dirname(socket))).toBe(false)
})
