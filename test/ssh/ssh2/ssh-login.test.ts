import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { failureOf, openConnection, openHome, openServer } from '../../support/ssh-fixture.ts'
import { type KeyPair, makeKeyPair, type SshUser } from '../../support/ssh-server.ts'

const secret = 'correct horse'

/** Opens a host that knows `ann` as given, and a home for her. */
async function openAccount(ann: SshUser, config: string[] = [], more: object = {}) {
  const server = await openServer({ users: { ann }, ...more })
  const home = openHome(server.knownHosts, config)
  const label = `ssh://ann@127.0.0.1:${server.port}`
  return { server, home, label, name: home.host(server.port) }
}

function answering(answers: (string | undefined)[]) {
  const prompts: string[] = []
  return { prompts, askSecret: async (prompt: string) => (prompts.push(prompt) > 0 ? answers.shift() : '') }
}

const environmentWith = (password: string) => ({ PATH: process.env.PATH, KCAP_SSH_PASSWORD: password })

describe('a login with a key:', () => {
  test.each(['ed25519', 'rsa', 'ecdsa'] as const)('an %s key file of the config logs in', async (type) => {
    const pair = makeKeyPair(type)
    const { home, name, server } = await openAccount({ keys: [pair.public] })
    home.write('id_ed25519', pair.private)
    await openConnection(name)
    expect(new Set(server.logins)).toEqual(new Set(['ann none', 'ann publickey']))
  })

  test('--identity is offered before the files of the config', async () => {
    const [own, other] = [makeKeyPair(), makeKeyPair()]
    const { home, name, server } = await openAccount({ keys: [own.public] })
    home.write('id_ed25519', other.private)
    await openConnection({ ...name, identityFiles: [home.write('own', own.private)] })
    expect(server.logins).toEqual(['ann none', 'ann publickey', 'ann publickey'])
  })

  test('the error names a refused key, and what the host accepts', async () => {
    const { home, name, label } = await openAccount({ keys: [makeKeyPair().public], password: secret })
    const file = home.write('id_ed25519', makeKeyPair().private)
    const error = await failureOf(openConnection(name))
    expect(error.code).toBe('ssh-login-refused')
    expect(error.message).toBe(`cannot log in to "${label}": the host refused every login`)
    expect(error.hints).toEqual([
      `tried: ${file}; the host takes: publickey,password`,
      '--identity FILE names a key the host knows',
      'KCAP_SSH_PASSWORD gives the password',
    ])
    expect(error.exitCode).toBe(4)
  })

  test('the error says that there is no key at all', async () => {
    const { name } = await openAccount({ keys: [makeKeyPair().public] })
    const error = await failureOf(openConnection(name))
    expect(error.hints[0]).toBe('tried: nothing, there is no key and no password; the host takes: publickey')
  })

  test.each([
    ['is missing', (path: string) => `${path}.missing`, 'no such file', 'ls -l'],
    ['is no key', (path: string) => path, 'Unsupported key format', 'ssh-keygen -y -f'],
  ])('an --identity file that %s is an error before kcap dials', async (_what, toPath, state, hint) => {
    const { home, name, server } = await openAccount({ password: secret })
    const path = toPath(home.write('notes', 'no key'))
    const error = await failureOf(openConnection({ ...name, identityFiles: [path] }))
    expect(error.code).toBe('ssh-key-unreadable')
    expect(error.message).toBe(`cannot read the ssh key "${path}": ${state}`)
    expect(error.hints).toEqual([`${hint} ${path}`, '--identity FILE takes a private key file'])
    expect(error.exitCode).toBe(4)
    expect(server.connectionCount()).toBe(0)
  })

  test('a host that hangs up at the login differs from one that refuses', async () => {
    const { name, label } = await openAccount({ keys: [] }, [], { hangUpAtLogin: true })
    const error = await failureOf(openConnection(name))
    expect(error.code).toBe('ssh-login-refused')
    expect(error.message).toBe(`cannot log in to "${label}": the host closed the connection`)
  })
})

describe('a login with an encrypted key:', () => {
  async function openLocked(ann: Omit<SshUser, 'keys'> = {}, config: string[] = []) {
    const pair = makeKeyPair('ed25519', secret)
    const account = await openAccount({ keys: [pair.public], ...ann }, config)
    return { ...account, file: account.home.write('id_ed25519', pair.private) }
  }

  test('kcap asks for the passphrase, and again after a wrong one', async () => {
    const { name, file } = await openLocked()
    const { askSecret, prompts } = answering(['wrong', secret])
    await openConnection(name, { askSecret })
    expect(prompts).toEqual([`Enter passphrase for key '${file}': `, `Enter passphrase for key '${file}': `])
  })

  test('kcap asks nothing for a key that the host does not accept', async () => {
    const { name, home } = await openAccount({ keys: [makeKeyPair().public] })
    const file = home.write('id_ed25519', makeKeyPair('ed25519', secret).private)
    const { askSecret, prompts } = answering([secret])
    const error = await failureOf(openConnection(name, { askSecret }))
    expect(error.code).toBe('ssh-login-refused')
    expect(error.hints[0]).toBe(`tried: ${file}; the host takes: publickey`)
    expect(prompts).toEqual([])
  })

  test('the hint recommends the agent where nobody can answer', async () => {
    const { name, file, label } = await openLocked()
    const error = await failureOf(openConnection(name))
    expect(error.code).toBe('ssh-key-encrypted')
    expect(error.message).toBe(`cannot log in to "${label}": the key ${file} is encrypted`)
    expect(error.hints).toEqual([
      `ssh-add ${file}`,
      'start an agent first where there is none: eval "$(ssh-agent)"',
      `tried: ${file} (encrypted); the host takes: publickey`,
    ])
    expect(error.exitCode).toBe(4)
  })

  test('BatchMode asks nobody', async () => {
    const { name } = await openLocked({}, ['BatchMode yes'])
    const { askSecret, prompts } = answering([secret])
    expect((await failureOf(openConnection(name, { askSecret }))).code).toBe('ssh-key-encrypted')
    expect(prompts).toEqual([])
  })

  test('kcap asks nothing more after a declined passphrase', async () => {
    const { name } = await openLocked({ password: secret })
    const { askSecret, prompts } = answering([undefined])
    const error = await failureOf(openConnection(name, { askSecret }))
    expect(error.message).toMatch(/is encrypted and no right passphrase was given$/)
    expect(prompts).toHaveLength(1)
  })

  test('the next authentication method follows when the key stays locked', async () => {
    const { name } = await openLocked({ password: secret })
    await openConnection(name, { environment: environmentWith(secret) })
  })

  test('an older PEM key needs its .pub file', async () => {
    const { name, home } = await openAccount({ keys: [] })
    const pem =
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n-----END RSA PRIVATE KEY-----\n'
    const error = await failureOf(openConnection({ ...name, identityFiles: [home.write('old', pem)] }))
    expect(error.message).toMatch(/^cannot read the ssh key ".*\/old": its public half is not in .*\/old\.pub$/)
  })
})

describe('a login with a password:', () => {
  test('KCAP_SSH_PASSWORD logs in, by password and by keyboard-interactive', async () => {
    for (const ann of [{ password: secret }, { questions: [{ prompt: 'Password: ', echo: false, answer: secret }] }]) {
      const { name } = await openAccount(ann)
      await openConnection(name, { environment: environmentWith(secret) })
    }
  })

  test('kcap asks the user where no password is given, three times at most', async () => {
    const { name } = await openAccount({ password: secret })
    const right = answering(['wrong', secret])
    await openConnection(name, { askSecret: right.askSecret })
    expect(right.prompts).toEqual(["ann@127.0.0.1's password: ", "ann@127.0.0.1's password: "])
    const wrong = answering(['a', 'b', 'c', 'd'])
    await failureOf(openConnection(name, { askSecret: wrong.askSecret }))
    expect(wrong.prompts).toHaveLength(3)
  })

  test('the error reports a wrong password, which is in no text', async () => {
    const { name, label } = await openAccount({ password: secret })
    const lines: string[] = []
    const environment = environmentWith('hunter2')
    const error = await failureOf(openConnection(name, { environment, log: (line) => lines.push(line) }))
    expect(error.code).toBe('ssh-login-refused')
    expect(error.message).toBe(`cannot log in to "${label}": the host refused the password`)
    expect(error.hints).toEqual(['tried: password; the host takes: password', 'KCAP_SSH_PASSWORD gives the password'])
    expect(JSON.stringify([error, error.message, error.stack, lines])).not.toContain('hunter2')
  })

  test('a declined question is no attempt', async () => {
    const { name, server } = await openAccount({ password: secret })
    const { askSecret } = answering([undefined])
    expect((await failureOf(openConnection(name, { askSecret }))).message).toMatch(/the host refused every login$/)
    expect(server.logins).toEqual(['ann none'])
  })

  test('a question that fails counts as declined', async () => {
    const { name } = await openAccount({ password: secret })
    const askSecret = () => Promise.reject(new Error('no terminal'))
    expect((await failureOf(openConnection(name, { askSecret }))).code).toBe('ssh-login-refused')
  })

  test('KCAP_SSH_PASSWORD answers the first question of keyboard-interactive, the person a later code', async () => {
    const questions = [
      { prompt: 'Password: ', echo: false, answer: secret },
      { prompt: 'Verification code: ', echo: false, answer: '123456' },
    ]
    const { name } = await openAccount({ questions, asksOneByOne: true })
    const { prompts, askSecret } = answering(['123456'])
    await openConnection(name, { environment: environmentWith(secret), askSecret })
    expect(prompts).toEqual(['(ann@127.0.0.1) Verification code: '])
  })

  test('a key that the host refuses costs one try, so that the password has one left', async () => {
    const { home, name, server } = await openAccount({ keys: [], password: secret })
    home.write('id_ed25519', makeKeyPair().private)
    await openConnection(name, { environment: environmentWith(secret) })
    expect(server.logins).toEqual(['ann none', 'ann publickey', 'ann password'])
  })

  test('the user sees every prompt of keyboard-interactive, without control characters', async () => {
    const questions = [
      { prompt: 'Pass\u001b[2Jword: ', echo: false, answer: secret },
      { prompt: 'Code: ', echo: true, answer: '123456' },
    ]
    const { name } = await openAccount({ questions })
    const { askSecret, prompts } = answering([secret, '123456'])
    await openConnection(name, { askSecret, environment: environmentWith(secret) }).catch(() => {})
    expect(prompts).toEqual(['(ann@127.0.0.1) Pass [2Jword: ', '(ann@127.0.0.1) Code: '])
  })

  test('a host that wants a key and a password gets both, in its own order', async () => {
    const pair = makeKeyPair()
    for (const needs of [
      ['publickey', 'password'],
      ['password', 'publickey'],
    ] as const) {
      const { home, name, server } = await openAccount({ keys: [pair.public], password: secret, needs })
      home.write('id_ed25519', pair.private)
      await openConnection(name, { environment: environmentWith(secret) })
      expect([...new Set(server.logins)]).toEqual(['ann none', ...needs.map((method) => `ann ${method}`)])
    }
  })

  test('the user has unlimited time to answer', async () => {
    const pair = makeKeyPair('ed25519', secret)
    const questions = [{ prompt: 'Password: ', echo: false, answer: secret }]
    for (const ann of [{ password: secret }, { questions }, { keys: [pair.public] }]) {
      const { name, home } = await openAccount(ann)
      home.write('id_ed25519', pair.private)
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      try {
        const askSecret = async () => {
          vi.advanceTimersByTime(600_000)
          return secret
        }
        await openConnection(name, { askSecret })
      } finally {
        vi.useRealTimers()
      }
    }
  })

  test('PreferredAuthentications and the switches of the config apply', async () => {
    const { name, server } = await openAccount({ password: secret }, ['PasswordAuthentication no'])
    await failureOf(openConnection(name, { environment: environmentWith(secret) }))
    expect(server.logins).toEqual(['ann none'])
  })

  test('the banner is in the log as plain text', async () => {
    const { name } = await openAccount({ password: secret }, [], { banner: 'Keep\u001b[31m out\n' })
    const lines: string[] = []
    await openConnection(name, { environment: environmentWith(secret), log: (line) => lines.push(line) })
    expect(lines).toContain('"127.0.0.1" says: Keep [31m out')
  })
})

const hasAgent = spawnSync('ssh-agent', ['-h']).error === undefined

describe.skipIf(!hasAgent)('a login with an agent:', () => {
  async function withAgent(keys: KeyPair[], run: (socket: string) => Promise<void>) {
    const home = openHome()
    const socket = `${home.folder}/agent`
    const agent = spawn('ssh-agent', ['-D', '-a', socket])
    try {
      await once(agent.stdout, 'data')
      for (const key of keys) {
        const added = spawnSync('ssh-add', ['-q', '-'], {
          input: key.private,
          env: { ...process.env, SSH_AUTH_SOCK: socket },
        })
        expect(added.status).toBe(0)
      }
      await run(socket)
    } finally {
      agent.kill()
      await once(agent, 'exit')
    }
  }

  test.each(['ed25519', 'rsa'] as const)('its %s key logs in', async (type) => {
    const pair = makeKeyPair(type)
    const { name } = await openAccount({ keys: [pair.public] })
    await withAgent([pair], async (socket) => {
      await openConnection(name, { environment: { PATH: process.env.PATH, SSH_AUTH_SOCK: socket } })
    })
  })

  test('a refusal counts its keys, and IdentityAgent none excludes it', async () => {
    await withAgent([makeKeyPair(), makeKeyPair()], async (socket) => {
      const environment = { PATH: process.env.PATH, SSH_AUTH_SOCK: socket }
      for (const [config, tried] of [
        [[], 'agent (2 keys)'],
        [['IdentityAgent none'], 'nothing, there is no key and no password'],
      ] as const) {
        const { name } = await openAccount({ keys: [makeKeyPair().public] }, [...config])
        const error = await failureOf(openConnection(name, { environment }))
        expect(error.hints[0]).toBe(`tried: ${tried}; the host takes: publickey`)
      }
    })
  })

  test('with IdentitiesOnly kcap asks it only for the named key, which may be a local public key', async () => {
    const [named, stranger] = [makeKeyPair(), makeKeyPair()]
    const { name, home, server } = await openAccount({ keys: [named.public] }, ['IdentitiesOnly yes'])
    home.write('id_ed25519.pub', `${named.public}\n`)
    await withAgent([stranger], async (socket) => {
      const environment = { PATH: process.env.PATH, SSH_AUTH_SOCK: socket }
      expect((await failureOf(openConnection(name, { environment }))).code).toBe('ssh-login-refused')
      expect(server.logins).toEqual(['ann none'])
    })
    await withAgent([stranger, named], async (socket) => {
      await openConnection(name, { environment: { PATH: process.env.PATH, SSH_AUTH_SOCK: socket } })
    })
  })

  test('kcap skips an agent that is gone', async () => {
    const { name } = await openAccount({ password: secret })
    const lines: string[] = []
    const environment = { ...environmentWith(secret), SSH_AUTH_SOCK: '/nowhere/agent' }
    await openConnection(name, { environment, log: (line) => lines.push(line) })
    expect(lines[0]).toBe('the ssh agent at /nowhere/agent does not answer: Failed to connect to agent')
  })
})

test.each([
  ['again and again', 1],
  ['a thousand at a time', 1_000],
])('kcap gives up on a host that asks questions %s, whoever answers', async (_, asksWithoutEnd) => {
  const { name, label } = await openAccount({}, [], { asksWithoutEnd })
  const { prompts, askSecret } = answering(Array.from({ length: 1_000 }, () => 'x'))
  const error = await failureOf(openConnection(name, { askSecret }))
  expect([error.code, error.exitCode, error.message]).toEqual([
    'ssh-login-refused',
    4,
    `cannot log in to "${label}": it asks questions without end`,
  ])
  expect(prompts.length).toBeLessThanOrEqual(30)
  const unattended = await failureOf(openConnection(name, { environment: environmentWith(secret) }))
  expect(unattended.message).toBe(error.message)
})
