import { readdirSync } from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { hasPrograms } from '../../support/has-program.ts'
import { collect, failureOf, noSignal, openConnection, openHome, openServer } from '../../support/ssh-fixture.ts'
import { makeKeyPair } from '../../support/ssh-server.ts'
import { makeTempFolder } from '../../support/temp-folder.ts'

const secret = 'correct horse'
afterEach(() => vi.unstubAllEnvs())

const testWithSsh = test.runIf(hasPrograms('ssh'))

testWithSsh('every program of a connection logs in, with the same password', async () => {
  const server = await openServer({ users: { ann: { password: secret } } })
  const name = openHome(server.knownHosts).host(server.port, { client: 'openssh' })
  const environment = { PATH: process.env.PATH, KCAP_SSH_PASSWORD: secret }
  const connection = await openConnection(name, { environment })
  for (const word of ['one', 'two']) {
    const { stdout, exit } = await collect(await connection.startProcess(`echo ${word}`, noSignal()))
    expect([stdout, exit]).toEqual([`${word}\n`, { kind: 'exited', code: 0 }])
  }
})

testWithSsh('a wrong password is sent once, and no empty one after it', async () => {
  const server = await openServer({ users: { ann: { password: secret } } })
  const name = openHome(server.knownHosts).host(server.port, { client: 'openssh' })
  const environment = { PATH: process.env.PATH, KCAP_SSH_PASSWORD: 'wrong' }
  const connection = await openConnection(name, { environment })
  const { exit } = await collect(await connection.startProcess('true', noSignal()))
  expect(exit).toMatchObject({ kind: 'refused', error: { code: 'ssh-login-refused' } })
  expect(server.logins).toEqual(['ann none', 'ann password'])
})

testWithSsh('with nobody to answer no password is sent at all', async () => {
  const server = await openServer({ users: { ann: { password: secret } } })
  const name = openHome(server.knownHosts).host(server.port, { client: 'openssh' })
  const connection = await openConnection(name)
  const { exit } = await collect(await connection.startProcess('true', noSignal()))
  expect(exit).toMatchObject({ kind: 'refused', error: { code: 'ssh-login-refused' } })
  expect(server.logins).toEqual(['ann none'])
})

testWithSsh('a passphrase is asked for once, and again after a wrong one', async () => {
  const pair = makeKeyPair('ed25519', secret)
  const server = await openServer({ users: { ann: { keys: [pair.public] } } })
  const home = openHome(server.knownHosts)
  home.write('id_ed25519', pair.private)
  const given = ['wrong', secret]
  const asked: string[] = []
  const askSecret = async (question: string) => given[asked.push(question) - 1]
  const connection = await openConnection(home.host(server.port, { client: 'openssh' }), { askSecret })
  for (let login = 0; login < 2; login++) {
    const { exit } = await collect(await connection.startProcess('true', noSignal()))
    expect(exit).toEqual({ kind: 'exited', code: 0 })
  }
  expect(asked).toHaveLength(2)
})

testWithSsh('what ssh asks with is gone when the program has ended', async () => {
  const server = await openServer({ users: { ann: { password: secret } } })
  const folder = await makeTempFolder()
  vi.stubEnv('XDG_RUNTIME_DIR', folder)
  const environment = { PATH: process.env.PATH, KCAP_SSH_PASSWORD: secret }
  const name = openHome(server.knownHosts).host(server.port, { client: 'openssh' })
  const connection = await openConnection(name, { environment })
  const program = await connection.startProcess('sleep 60', noSignal())
  expect(readdirSync(path.join(folder, 'kcap'))).toHaveLength(1)
  await connection.close()
  expect((await program.exited).kind).toBe('lost')
  expect(readdirSync(path.join(folder, 'kcap'))).toEqual([])
})

test('the error for a private folder that cannot be made says how to name one', async () => {
  const name = openHome().host(1, { client: 'openssh' })
  const connection = await openConnection(name)
  vi.stubEnv('TMPDIR', '/nowhere')
  vi.stubEnv('XDG_CACHE_HOME', '/dev/null')
  vi.stubEnv('XDG_RUNTIME_DIR', '')
  const error = await failureOf(connection.startProcess('true', noSignal()))
  expect(error.code).toBe('ssh-failed')
  expect(error.message).toMatch(
    /^cannot connect to "ssh:\/\/ann@127\.0\.0\.1:1": there is no folder for what ssh asks: ENOENT/,
  )
  expect(error.hints).toEqual(['XDG_RUNTIME_DIR or TMPDIR in the environment name one', '--ssh-client ssh2 needs none'])
})

testWithSsh('a changed host key that StrictHostKeyChecking no accepts is reported once, and remembered', async () => {
  const pair = makeKeyPair()
  const server = await openServer({ users: { ann: { keys: [pair.public] } } })
  const known = `[127.0.0.1]:${server.port} ${makeKeyPair('rsa').public}\n`
  const home = openHome(known, ['StrictHostKeyChecking no'])
  home.write('id_ed25519', pair.private)
  const told: string[] = []
  const name = home.host(server.port, { client: 'openssh' })
  const connection = await openConnection(name, { tell: (event) => told.push(event) })
  for (let login = 0; login < 2; login++) {
    const { exit } = await collect(await connection.startProcess('true', noSignal()))
    expect(exit).toEqual({ kind: 'exited', code: 0 })
  }
  expect(connection.isUnproven()).toBe(true)
  expect(told).toEqual([expect.stringMatching(/key is now ED25519 SHA256:.*; the login goes on without passwords/)])
  expect(home.readKnownHosts()).toBe(known)
})
