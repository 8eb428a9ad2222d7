import path from 'node:path'
import { createSecureContext } from 'node:tls'
import yaml from 'js-yaml'
import { monotonicClock } from '../base/clock.ts'
import type { ErrorCode } from '../base/error-codes.ts'
import { hideUserInfo } from '../base/hide-user-info.ts'
import { type Hint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { WriteLog } from '../base/log.ts'
import { lookUpProgram } from '../host/find-program.ts'
import { type ProgramResult, runProgram } from '../host/run-program.ts'
import { interactiveModeOf } from './check-login.ts'
import type { ExecCluster } from './exec-cluster.ts'
import type { CredentialPluginEntry } from './kubeconfig-entries.ts'
import { objectShape, textShape } from './kubeconfig-shape.ts'
import { findPluginRefusal } from './plugin-policy.ts'

/** Credential that a plugin returns. https://kubernetes.io/docs/reference/config-api/client-authentication.v1/ */
export interface PluginCredential {
  readonly token?: string
  readonly clientCertificateData?: string
  readonly clientKeyData?: string
  readonly expirationTimestamp?: string
}

export interface PluginRun {
  readonly signal: AbortSignal
  /** Time limit of the plugin. A person may need some time to log in; a listing can't wait for it. */
  readonly timeoutMs: number
  /** Whether the plugin may talk to the user on the terminal. */
  readonly interactive: boolean
  /** Time that a plugin may take to end when asked to; default half a second. */
  readonly killDelayMs?: number
  readonly log?: WriteLog | undefined
}

const seeKubectl = line('kubectl', 'get', 'pods')
const logInOnce: readonly Hint[] = [{ ...seeKubectl, note: 'log in once in a terminal' }, 'then try again']

/**
 * Runs the credential plugin of a kubeconfig user as client-go does. Looks its name up on kcap's own PATH, whatever PATH the plugin gets. Rejects
 * with the signal's reason when aborted.
 * @throws {KcapError} credential-plugin-missing — when there is no such program
 * @throws {KcapError} credential-plugin-not-allowed — when kubectl's own policy forbids it
 * @throws {KcapError} credential-plugin-failed — when it fails, or its answer can't be used
 * @throws {KcapError} credential-plugin-slow — when it does not answer in time
 * @throws {KcapError} credential-plugin-login — when it needs a terminal and there is none
 */
export async function runCredentialPlugin(
  plugin: CredentialPluginEntry,
  cluster: ExecCluster | undefined,
  run: PluginRun,
): Promise<PluginCredential> {
  const { command = '' } = plugin
  const fail = (code: ErrorCode, state: string, hints: readonly Hint[]) =>
    new KcapError(code, `cannot log in with "${command}": ${state}`, { hints })
  const mode = interactiveModeOf(plugin)
  if (mode === 'Always' && !run.interactive)
    throw fail('credential-plugin-login', 'it wants to ask something on a terminal', logInOnce)
  run.signal.throwIfAborted()
  const found = await lookUpProgram(command)
  if (found.file === undefined) {
    const advice = plugin.installHint?.trim().split('\n') ?? []
    const isByName = path.basename(command) === command
    throw fail('credential-plugin-missing', found.state, [
      ...advice,
      ...(isByName ? [`PATH is ${process.env.PATH ?? ''}`] : []),
    ])
  }
  const refusal = await findPluginRefusal(command, found.file)
  if (refusal !== undefined) throw fail('credential-plugin-not-allowed', refusal, [line('kubectl', 'kuberc', 'view')])
  // `isTTY` of standard input is undefined, not false, without a terminal.
  const isInteractive = run.interactive === true && mode !== 'Never'
  const startedMs = monotonicClock.nowMs()
  const result = await runProgram([found.file, ...(plugin.args ?? [])], {
    environment: makeEnvironment(plugin, cluster, isInteractive),
    timeoutMs: run.timeoutMs,
    signal: run.signal,
    interactive: run.interactive,
    ...(!isInteractive && { input: '' }),
    ...(run.killDelayMs !== undefined && { killDelayMs: run.killDelayMs }),
  })
  const tookMs = Math.round(monotonicClock.nowMs() - startedMs)
  const { exitCode } = result
  const event = `the credential plugin "${command}" ended with ${exitCode ?? 'a signal'} after ${tookMs} ms`
  run.log?.(event, { level: 'debug', component: 'plugin', program: command, exitCode, tookMs })
  run.signal.throwIfAborted()
  if (result.isTimedOut) throw fail('credential-plugin-slow', `no answer within ${run.timeoutMs / 1000} s`, logInOnce)
  const advice = [{ ...seeKubectl, note: 'see whether kubectl can log in' }]
  if (result.exitCode !== 0) throw fail('credential-plugin-failed', describeEnd(result), advice)
  const credential = readCredential(plugin, result.stdout)
  if (typeof credential === 'string') throw fail('credential-plugin-failed', credential, advice)
  return credential
}

function describeEnd({ exitCode, startFailure, stderr }: ProgramResult): string {
  if (startFailure !== undefined) return startFailure
  const said = hideUserInfo(stderr.trim().split('\n').slice(-3).join('; ')).slice(0, 300)
  const state = exitCode === undefined ? 'it was killed' : `it ended with exit code ${exitCode}`
  return said === '' ? state : `${state}: ${said}`
}

function makeEnvironment(
  plugin: CredentialPluginEntry,
  cluster: ExecCluster | undefined,
  interactive: boolean,
): Record<string, string> {
  const info = {
    kind: 'ExecCredential',
    apiVersion: plugin.apiVersion,
    spec: { ...(cluster && { cluster }), interactive },
  }
  return {
    ...Object.fromEntries((plugin.env ?? []).map(({ name = '', value = '' }) => [name, value])),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  }
}

const statusShape = objectShape({
  token: textShape,
  clientCertificateData: textShape,
  clientKeyData: textShape,
  expirationTimestamp: textShape,
})

/** Returns the credential of an answer, or what is wrong with it. */
function readCredential({ apiVersion }: CredentialPluginEntry, answer: string): PluginCredential | string {
  const credential = parseAnswer(answer)
  if (credential === undefined) return 'its answer is no ExecCredential'
  const { kind = 'ExecCredential', apiVersion: answered, status } = credential
  if (kind !== 'ExecCredential') return 'its answer is no ExecCredential'
  if (answered !== apiVersion) return `its answer is not of the version "${apiVersion}" that the kubeconfig wants`
  if (typeof status !== 'object' || status === null) return 'its answer holds no credential'
  const fields = Object.fromEntries(Object.entries(status).filter(([, value]) => value !== null && value !== ''))
  if (statusShape(fields) !== undefined) return 'its answer holds a value of the wrong type'
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = fields as PluginCredential
  if (!token && !clientCertificateData && !clientKeyData) return 'its answer holds no credential'
  if (!clientCertificateData !== !clientKeyData) return 'its answer holds a certificate or a key, but not both'
  if (expirationTimestamp !== undefined && !isTimestamp(expirationTimestamp))
    return 'its answer expires at a time that is none'
  try {
    if (clientCertificateData) createSecureContext({ cert: clientCertificateData, key: clientKeyData })
  } catch (error) {
    return `its answer holds a certificate or a key that can't be used: ${(error as Error).message}`
  }
  return fields as PluginCredential
}

/** Parses JSON, or the YAML that kubectl accepts too. */
function parseAnswer(answer: string): Readonly<Record<string, unknown>> | undefined {
  for (const parse of [JSON.parse, parseYaml]) {
    try {
      const value: unknown = parse(answer)
      if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
    } catch {
      // It is in the other format, or in neither.
    }
  }
  return undefined
}

function parseYaml(text: string): unknown {
  return yaml.load(text, { schema: yaml.JSON_SCHEMA })
}

/** Reports whether a text is an RFC 3339 time. */
function isTimestamp(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text))
}
