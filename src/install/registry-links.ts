import { KcapError } from '../base/kcap-error.ts'
import { runProgram } from '../host/run-program.ts'
import { linkSchemes, openWords } from './desktop-entry.ts'
import { type LauncherPaths, launcherMark } from './format-launcher.ts'
import type { LinkRegistration } from './link-registration.ts'

const regTimeoutMs = 30_000
/** Value by which kcap recognises its own keys. */
const markName = 'WrittenBy'

type Argv = readonly [string, ...string[]]

/** Returns the registry key of a URL scheme for this user. */
export function schemeKey(scheme: string): string {
  return `HKCU\\Software\\Classes\\${scheme}`
}

/**
 * Returns the starts of reg.exe that register a URL scheme:
 * https://learn.microsoft.com/en-us/previous-versions/windows/internet-explorer/ie-developer/platform-apis/aa767914(v=vs.85). Windows puts the URL
 * in place of `%1` without quoting it. After `--`, nothing of it is an option.
 */
export function formatRegistration(scheme: string, { node, script }: LauncherPaths): readonly Argv[] {
  const key = schemeKey(scheme)
  const quoted = (word: string) => `"${word}"`
  const command = [quoted(node), quoted(script), ...openWords, '"%1"'].join(' ')
  return [
    ['reg', 'add', key, '/ve', '/d', 'URL:kcap', '/f'],
    ['reg', 'add', key, '/v', markName, '/d', launcherMark, '/f'],
    ['reg', 'add', key, '/v', 'URL Protocol', '/d', '', '/f'],
    ['reg', 'add', `${key}\\shell\\open\\command`, '/ve', '/d', command, '/f'],
  ]
}

/** Returns the start of reg.exe that prints kcap's mark in a key. */
export function formatMarkQuery(scheme: string): Argv {
  return ['reg', 'query', schemeKey(scheme), '/v', markName]
}

/**
 * Registers the links with Windows, for this user.
 * @throws {KcapError} install-failed — when reg.exe fails
 */
export async function registerRegistryLinks(paths: LauncherPaths): Promise<LinkRegistration> {
  let state: LinkRegistration['state'] = 'updated'
  for (const scheme of linkSchemes) {
    const owner = await findOwner(scheme)
    if (owner === 'another program') return { state: 'foreign', place: schemeKey(scheme) }
    if (owner === 'nobody') state = 'new'
    for (const argv of formatRegistration(scheme, paths)) await runReg(argv, 'install', scheme)
  }
  return { state, place: linkSchemes.map(schemeKey).join(', ') }
}

/**
 * Removes the keys that `registerRegistryLinks` wrote.
 * @throws {KcapError} install-failed — when reg.exe fails
 */
export async function unregisterRegistryLinks(): Promise<LinkRegistration> {
  const removed: string[] = []
  for (const scheme of linkSchemes) {
    if ((await findOwner(scheme)) !== 'kcap') continue
    await runReg(['reg', 'delete', schemeKey(scheme), '/f'], 'remove', scheme)
    removed.push(schemeKey(scheme))
  }
  return { state: removed.length === 0 ? 'none' : 'removed', place: removed.join(', ') }
}

async function findOwner(scheme: string): Promise<'kcap' | 'another program' | 'nobody'> {
  const mark = await runProgram(formatMarkQuery(scheme), { timeoutMs: regTimeoutMs })
  if (mark.exitCode === 0 && mark.stdout.includes(launcherMark)) return 'kcap'
  const key = await runProgram(['reg', 'query', schemeKey(scheme)], { timeoutMs: regTimeoutMs })
  return key.exitCode === 0 ? 'another program' : 'nobody'
}

async function runReg(argv: Argv, verb: string, scheme: string): Promise<void> {
  const { exitCode, stderr, startFailure } = await runProgram(argv, { timeoutMs: regTimeoutMs })
  if (exitCode === 0) return
  throw new KcapError(
    'install-failed',
    `cannot ${verb} "${schemeKey(scheme)}": ${startFailure ?? (stderr.trim() || 'reg.exe failed')}`,
    { hints: [`links that begin with ${scheme}: do not open; everything else works without them`] },
  )
}
