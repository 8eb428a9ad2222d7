import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type KcapError, toKcapError } from '../../src/base/kcap-error.ts'
import type { SshClientName, SshHostName } from '../../src/base/target.ts'
import { connectSsh } from '../../src/ssh/connect-ssh.ts'
import type { HostKeyRow, Words } from './host-key-row.ts'
import type { HostKeySetting, ServerName } from './host-key-setting.ts'

/** Outcome of a login, in the same words for each program. */
export interface Outcome {
  readonly isLoggedIn: boolean
  readonly wasAsked: boolean
  /** The program's verdict on the key. */
  readonly says: 'unknown' | 'changed' | 'revoked' | 'unchecked' | undefined
  /** Whether sshd has logged a password. */
  readonly hasOfferedPassword: boolean
  readonly known: string
  readonly global: string
}

interface Told {
  readonly isLoggedIn: boolean
  readonly wasAsked: boolean
  readonly says: Outcome['says']
}

/** A row and where it is tried. */
export interface RowAt {
  readonly setting: HostKeySetting
  readonly row: HostKeyRow
  /** Port of the row's sshd. */
  readonly port: number
}

let runCount = 0
/** Each port has one login at a time: otherwise nobody knows whose words sshd's log has. */
const turns = new Map<number, Promise<unknown>>()

/** Logs in once, in a folder of its own. */
export async function runRow(at: RowAt, program: 'ssh' | SshClientName): Promise<Outcome> {
  const turn = (turns.get(at.port) ?? Promise.resolve()).then(async () => await logIn(at, program))
  turns.set(
    at.port,
    turn.catch(() => {}),
  )
  return await turn
}

async function logIn(at: RowAt, program: 'ssh' | SshClientName): Promise<Outcome> {
  const { setting, row, port } = at
  const folder = setting.file(`run-${++runCount}`)
  const isAccepting = program === 'ssh' && row.accepts === true
  const configPath = writeSetting(isAccepting ? { ...at, row: { ...row, strict: 'accept-new' } } : at, folder)
  const before = setting.readLog(port).length
  const told =
    program === 'ssh' ? await runSsh(setting, row, folder) : await runClient(setting, row, configPath, program)
  // What sshd has written comes by a pipe.
  await sleep(30)
  const hasOfferedPassword = hasPassword(setting.readLog(port).slice(before))
  const read = (name: string) => readKnown(path.join(folder, name), at)
  return { ...told, hasOfferedPassword, known: read('known_hosts'), global: read('global') }
}

/** Reports whether a client has sent a password, by what sshd has logged since it came. What an earlier one did may be logged late. */
function hasPassword(log: string): boolean {
  const clients = [...log.matchAll(/^Connection from \S+ port (\d+) on /gm)].map(([, from]) => from)
  const tries = log.matchAll(/^(?:Accepted|Failed) (?:password|keyboard-interactive)\S* for .* port (\d+)/gm)
  return [...tries].some(([, from]) => clients.includes(from))
}

function wordsOf({ setting: { ports, keys }, port }: RowAt): Words {
  const nameOf = (one: number | undefined) => `[127.0.0.1]:${one}`
  return { ...keys, name: nameOf(port), plain: '127.0.0.1', hop: nameOf(ports.ecdsa[0]) }
}

function writeSetting(at: RowAt, folder: string): string {
  const { setting, row, port } = at
  mkdirSync(folder)
  const words = wordsOf(at)
  const write = (name: string, content: readonly string[] | string | undefined) => {
    if (content === undefined) return
    const text = typeof content === 'string' ? content : content.map((line) => `${line}\n`).join('')
    writeFileSync(path.join(folder, name), row.isHashed === true ? hashNames(text) : text)
  }
  write('known_hosts', row.known?.(words))
  write('global', row.global?.(words))
  for (const [name, text] of Object.entries(row.files?.(words) ?? {})) writeFileSync(path.join(folder, name), text)
  const own = (row.config ?? []).map((line) =>
    line
      .replaceAll('FOLDER', folder)
      .replaceAll('KEYS', path.dirname(setting.file('x')))
      .replace(/\bPORT_(\w+)/g, (_whole, server: ServerName) => String(setting.ports[server][0])),
  )
  const lines = [
    'Host target',
    ...own,
    'Host *',
    'HostName 127.0.0.1',
    `Port ${port}`,
    `User ${row.login === 'key' ? 'root' : setting.user.name}`,
    `IdentityFile ${setting.file('id')}`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    `UserKnownHostsFile ${folder}/known_hosts`,
    `GlobalKnownHostsFile ${row.global === undefined ? 'none' : `${folder}/global`}`,
    `StrictHostKeyChecking ${row.strict}`,
  ]
  const configPath = path.join(folder, 'config')
  writeFileSync(configPath, `${lines.join('\n')}\n`)
  return configPath
}

const salt = Buffer.alloc(20, 7)

/** Hashes a name as `ssh-keygen -H` does. */
function hashName(name: string, by = salt): string {
  return `|1|${by.toString('base64')}|${createHmac('sha1', by).update(name).digest('base64')}`
}

function hashNames(text: string): string {
  return text.replace(/^[^@#\s]+(?= )/gm, (names) => hashName(names))
}

/** A file of known hosts, with the salt of every hashed name that is one of the host's taken out. */
function readKnown(file: string, at: RowAt): string {
  if (!existsSync(file)) return ''
  const { name, plain, hop } = wordsOf(at)
  return readFileSync(file, 'latin1').replace(/^\|1\|([^|]*)\|\S*/gm, (field, salted: string) => {
    const found = [name, plain, hop].find((one) => hashName(one, Buffer.from(salted, 'base64')) === field)
    return found === undefined ? field : `hashed:${found}`
  })
}

/** Answers for the person of a row, and notes that the key was asked about. */
const askpass = `#!/bin/sh
case $1 in
  *'continue connecting'*) echo asked > "$ROW_ASKED"; [ -n "$ROW_ANSWER" ] && echo "$ROW_ANSWER";;
  *assword*) printf '%s\\n' "$ROW_PASSWORD";;
  *) exit 1;;
esac
`

async function runSsh(setting: HostKeySetting, row: HostKeyRow, folder: string): Promise<Told> {
  const asker = path.join(folder, 'askpass')
  const askedPath = path.join(folder, 'asked')
  writeFileSync(asker, askpass, { mode: 0o755 })
  const options = (row.sshOptions ?? []).flatMap((option) => ['-o', option])
  const child = spawn('ssh', ['-F', path.join(folder, 'config'), ...options, '-T', 'target', 'echo in'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      SSH_ASKPASS: asker,
      SSH_ASKPASS_REQUIRE: 'force',
      ROW_ASKED: askedPath,
      ROW_ANSWER: row.answer ?? '',
      ROW_PASSWORD: setting.user.password,
    },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  await new Promise((resolve) => child.once('close', resolve))
  const isLoggedIn = stdout === 'in\n'
  const wasAsked = row.answer !== undefined && existsSync(askedPath)
  return { isLoggedIn, wasAsked, says: readSshWords(stderr, isLoggedIn) }
}

function readSshWords(said: string, isLoggedIn: boolean): Outcome['says'] {
  if (/REVOKED HOST KEY DETECTED|revoked by file/.test(said)) return 'revoked'
  if (/HOST IDENTIFICATION HAS CHANGED/.test(said)) return 'changed'
  if (/Error checking host key|KnownHostsCommand failed|Invalid key length/.test(said)) return 'unchecked'
  return !isLoggedIn && /Host key verification failed/.test(said) ? 'unknown' : undefined
}

async function runClient(
  setting: HostKeySetting,
  row: HostKeyRow,
  sshConfigPath: string,
  client: SshClientName,
): Promise<Told> {
  const { password } = setting.user
  const { signal } = new AbortController()
  const told: string[] = []
  let wasAsked = false
  const askHostKey = async () => {
    wasAsked = true
    return row.answer === 'yes'
  }
  const person = row.answer === undefined ? {} : { askHostKey, askSecret: async () => password }
  const environment = {
    PATH: process.env.PATH,
    ...(row.answer === undefined ? { KCAP_SSH_PASSWORD: password } : {}),
  }
  const { accepts: acceptNewHostKey = false } = row
  const name: SshHostName = { kind: 'ssh', host: 'target', sudo: 'none', client, sshConfigPath, acceptNewHostKey }
  let stdout = ''
  let error: KcapError | undefined
  try {
    const connection = await connectSsh(name, { signal, environment, ...person, tell: (event) => told.push(event) })
    const remote = await connection.startProcess('echo in', signal)
    remote.stderr.resume()
    remote.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    const exit = await remote.exited
    if (exit.kind !== 'exited') error = exit.error
    await connection.close()
  } catch (failure) {
    error = toKcapError(failure)
  }
  return { isLoggedIn: stdout === 'in\n', wasAsked, says: readClientWords(error, told) }
}

function readClientWords(error: KcapError | undefined, told: readonly string[]): Outcome['says'] {
  const words = [error?.message ?? '', ...told].join('\n')
  if (/ is revoked/.test(words)) return 'revoked'
  if (/ key is now /.test(words)) return 'changed'
  if (/cannot check the host key/.test(words)) return 'unchecked'
  if (/ is unknown$/m.test(words)) return 'unknown'
  if (error !== undefined && error.code !== 'ssh-login-refused') throw error
  return undefined
}
