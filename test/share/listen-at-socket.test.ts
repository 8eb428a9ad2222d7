import { once } from 'node:events'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import path from 'node:path'
import { expect, test } from 'vitest'
import { listenAtSocket } from '../../src/share/listen-at-socket.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { failureOf } from '../support/failure.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const onUnix = test.skipIf(process.platform === 'win32')

async function listen(file: string): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}).end('hello'))
  afterThisTest.add(() => void server.close())
  await listenAtSocket(server, file)
  return server
}

onUnix('only this user may open the socket, and the end of the server removes it', async () => {
  const file = path.join(await makeTempFolder(), 'orders.sock')
  const before = process.umask()
  const server = await listen(file)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(process.umask()).toBe(before)
  const [text] = await once(connect(file), 'data')
  expect(String(text)).toBe('hello')
  server.close()
  await once(server, 'close')
  expect(existsSync(file)).toBe(false)
})

onUnix('a socket that nobody listens at any more is replaced', async () => {
  const file = path.join(await makeTempFolder(), 'orders.sock')
  const { spawnSync } = await import('node:child_process')
  const script =
    'require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))'
  spawnSync(process.execPath, ['-e', script, file])
  expect(statSync(file).isSocket()).toBe(true)
  await listen(file)
  expect(String((await once(connect(file), 'data'))[0])).toBe('hello')
})

onUnix.each([
  ['that somebody listens at', 'another program listens there', async (file: string) => void (await listen(file))],
  ['that is a file', 'there is a file of that name', async (file: string) => writeFileSync(file, 'mine')],
])("a path %s is 'share-failed', and stays", async (_what, state, prepare) => {
  const file = path.join(await makeTempFolder(), 'orders.sock')
  await prepare(file)
  const error = await failureOf(listen(file))
  expect([error.code, error.exitCode, error.message]).toEqual([
    'share-failed',
    7,
    `cannot share the capture at "unix:${file}": ${state}`,
  ])
  expect(existsSync(file)).toBe(true)
})

onUnix("a folder that does not exist, and a path that is too long, are 'share-failed'", async () => {
  const folder = await makeTempFolder()
  expect((await failureOf(listen(path.join(folder, 'none', 'a.sock')))).message).toMatch(/: there is no such folder$/)
  expect((await failureOf(listen(path.join(folder, 'x'.repeat(150))))).message).toMatch(
    /: the path is too long for a socket$/,
  )
})
