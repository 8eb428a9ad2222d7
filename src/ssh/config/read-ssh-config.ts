import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import SSHConfig from 'ssh-config'
import { line } from '../../base/hint.ts'
import { KcapError } from '../../base/kcap-error.ts'
import { runProgram } from '../../host/run-program.ts'
import { includeSshConfigs } from './include-ssh-config.ts'

export interface SshConfigQuestion {
  readonly host: string
  readonly user?: string | undefined
  readonly port?: number | undefined
  /** Config file to use instead of the user's, like `ssh -F`. */
  readonly configPath?: string | undefined
  readonly homeFolder: string
  readonly environment: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** Settings of the user's ssh config for one host: lower-case keyword → its values in order. */
export type SshSettings = ReadonlyMap<string, readonly string[]>

const sshAnswerTimeoutMs = 10_000

/**
 * Returns the user's ssh settings for a host. Asks OpenSSH itself (`ssh -G`: Include, Match, canonical names, system-wide file), or reads the file if
 * there is no ssh.
 * @throws {KcapError} ssh-failed — when ssh or kcap cannot read the config
 */
export async function readSshConfig(question: SshConfigQuestion): Promise<SshSettings> {
  const { host, user, port, configPath, environment, signal } = question
  const args = [
    '-G',
    ...(configPath === undefined ? [] : ['-F', configPath]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    '--',
    host,
  ]
  const answer = await runProgram(['ssh', ...args], {
    timeoutMs: sshAnswerTimeoutMs,
    signal,
    environment,
    isEnvironmentWhole: true,
  })
  signal.throwIfAborted()
  if (answer.isMissing) return await readSshConfigFile(question)
  if (answer.exitCode !== 0) throw unreadable(question, lastLine(answer.stderr) ?? 'ssh -G failed')
  return parseSshAnswer(answer.stdout)
}

/** Parses the output of `ssh -G`: `keyword value…`, with one line per value of a repeatable keyword. */
export function parseSshAnswer(text: string): SshSettings {
  const settings = new Map<string, string[]>()
  for (const line of text.split(/\r?\n/)) {
    const space = line.indexOf(' ')
    if (space < 1) continue
    const keyword = line.slice(0, space).toLowerCase()
    const values = settings.get(keyword)
    if (values === undefined) settings.set(keyword, [line.slice(space + 1)])
    else values.push(line.slice(space + 1))
  }
  return settings
}

/**
 * Returns a host's settings from the config file alone, for machines without OpenSSH. `Match exec` runs no program.
 * @throws {KcapError} ssh-failed — when the file cannot be read or parsed
 */
export async function readSshConfigFile(question: SshConfigQuestion): Promise<SshSettings> {
  const path = question.configPath ?? join(question.homeFolder, '.ssh', 'config')
  let text = ''
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!missing || question.configPath !== undefined)
      throw unreadable(question, error instanceof Error ? error.message : String(error), error)
  }
  const query = { Host: question.host, ...(question.user === undefined ? {} : { User: question.user }) }
  try {
    const whole = await includeSshConfigs(text, question.homeFolder)
    const computed = SSHConfig.parse(hideCommands(whole)).compute(query, { matchExec: false, ignoreCase: true })
    return new Map(
      Object.entries(computed).map(([name, value]) => {
        const keyword = name.toLowerCase()
        return [keyword, [value].flat().flatMap((one) => readValue(keyword, one))]
      }),
    )
  } catch (error) {
    throw unreadable(question, `${path} makes no sense: ${error instanceof Error ? error.message : error}`, error)
  }
}

/** Returns the values of a keyword as `ssh -G` prints them. */
function readValue(keyword: string, value: string): readonly string[] {
  if (commandKeywords.includes(keyword)) return [showCommand(value)]
  return keyword === 'setenv' ? splitWords(value) : [value]
}

/** Splits a line into words, any part of which may be quoted. */
function splitWords(line: string): string[] {
  return (line.match(/(?:"[^"]*"|[^\s"])+/g) ?? []).map((word) => word.replaceAll('"', ''))
}

/** Keywords whose value is the rest of the line, including quotes, blanks and number signs (readconf.c, parse_command). */
const commandKeywords = ['proxycommand', 'knownhostscommand', 'localcommand', 'remotecommand']
const commandLine = new RegExp(`^([ \\t]*(?:${commandKeywords.join('|')})[ \\t=]+)(.*\\S)[ \\t\\r]*$`, 'gim')

/** Replaces each command with one opaque word, because the parser would split and unquote it. */
function hideCommands(text: string): string {
  return text.replace(commandLine, (_line, start: string, command: string) => start + encode(command))
}

function encode(command: string): string {
  return Buffer.from(command, 'utf8').toString('base64url')
}

function showCommand(word: string): string {
  return Buffer.from(word, 'base64url').toString('utf8')
}

function unreadable({ host, configPath }: SshConfigQuestion, state: string, cause?: unknown): KcapError {
  return new KcapError('ssh-failed', `cannot read the ssh config for "${host}": ${state}`, {
    hints: [line('ssh', ...(configPath === undefined ? [] : ['-F', configPath]), '-G', '--', host)],
    cause,
  })
}

function lastLine(text: string): string | undefined {
  const lines = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !/^Pseudo-terminal|: terminating, /.test(line))
  return lines.at(-1)
}
