import { existsSync } from 'node:fs'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { exitCodes } from '../base/error-codes.ts'
import { toKcapError } from '../base/kcap-error.ts'
import { printable, printableJson } from '../base/printable.ts'
import { version } from '../base/version.ts'
import { hasProgram } from '../host/find-program.ts'
import { askLoginFolders } from '../host/login-path.ts'
import { runProgram } from '../host/run-program.ts'
import { type FoundWireshark, findWiresharks, listStandardFolders } from '../install/find-wireshark.ts'
import { findOwnPaths, type LauncherPaths, launcherName } from '../install/format-launcher.ts'
import { readInstalled } from '../install/install-launcher.ts'
import { findKubeconfigPaths } from '../kube/kubeconfig-paths.ts'
import { findLoginPrograms, type LoginProgram } from '../listing/find-login-programs.ts'
import { refreshLimits } from '../listing/list-clusters.ts'
import { readListing } from '../listing/read-listing.ts'
import { commandTable } from '../request/command-table.ts'
import { namesTarget } from '../request/names-target.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { describeCluster } from './describe-cluster.ts'

/** Result of one check that Wireshark's list depends on. */
interface Finding {
  readonly what: 'wireshark' | 'launcher' | 'node' | 'config' | 'logins' | 'listing'
  readonly isGood: boolean
  readonly text: string
  /** Lines to paste. */
  readonly hints: readonly string[]
}

const programTimeoutMs = 30_000

/**
 * Runs `kcap doctor`: six lines that report whether Wireshark will list kcap, and what it will show. Exits with 1 if it will not. `tell` prints an
 * event for the user.
 */
export async function doctor(argv: readonly string[], tell: (event: string) => void): Promise<number> {
  const parsed = parseArguments(argv, { more: commandTable.doctor.options })
  if (parsed.flag('record')) {
    const { examineRecord } = await import('./examine-record.ts')
    return await examineRecord(argv)
  }
  if (namesTarget(parsed)) {
    const { examine } = await import('./examine-command.ts')
    return await examine(argv, tell)
  }
  const wiresharks = await findWiresharks()
  const folders = wiresharks.length > 0 ? wiresharks.map(({ folder }) => folder) : listStandardFolders()
  const installed = await Promise.all([...new Set(folders)].map(async (folder) => await readFolder(folder, wiresharks)))
  const findings = [
    describeWiresharks(wiresharks),
    describeLaunchers(installed),
    await describeNode(installed.find(({ paths }) => paths !== undefined)?.paths ?? findOwnPaths()),
    await describeConfig(),
    await describeLogins(installed.flatMap(({ paths }) => paths ?? [])),
    await describeListing(installed.find(({ paths }) => paths !== undefined)?.folder),
  ]
  const text =
    parsed.text('output') === 'json'
      ? `${printableJson(findings, 2)}\n`
      : findings.map(({ what, isGood, text, hints }) => formatFinding(what, isGood, text, hints)).join('')
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()))
  return findings.every(({ isGood }) => isGood) ? exitCodes.done : exitCodes.failed
}

interface InstalledLauncher {
  readonly folder: string
  /** Paths in the launcher; undefined if there is none. */
  readonly paths: LauncherPaths | undefined
}

/** Reads the launcher in a user's folder, or else the one in the shared folder, where a system package installs it. */
async function readFolder(folder: string, wiresharks: readonly FoundWireshark[]): Promise<InstalledLauncher> {
  const own = await readInstalled(folder)
  const shared = wiresharks.find((wireshark) => wireshark.folder === folder)?.sharedFolder
  if (own !== undefined || shared === undefined) return { folder, paths: own }
  const paths = await readInstalled(shared)
  return { folder: paths === undefined ? folder : shared, paths }
}

function formatFinding(what: string, isGood: boolean, text: string, hints: readonly string[]): string {
  const lines = hints.map((hint) => `             hint: ${printable(hint)}\n`)
  return `${isGood ? 'ok' : '!!'}  ${what.padEnd(9)}  ${printable(text)}\n${lines.join('')}`
}

function describeWiresharks(wiresharks: readonly FoundWireshark[]): Finding {
  const text = wiresharks.map(({ program, version, folder }) => `${version} (${program}) looks in ${folder}`).join('; ')
  return wiresharks.length > 0
    ? { what: 'wireshark', isGood: true, text, hints: [] }
    : { what: 'wireshark', isGood: false, text: 'none found on PATH or where it usually is', hints: [] }
}

function describeLaunchers(installed: readonly InstalledLauncher[]): Finding {
  const missing = installed.filter(({ paths }) => paths === undefined)
  const own = findOwnPaths().script
  const foreign = installed.filter(({ paths }) => paths !== undefined && paths.script !== own)
  const there = installed.flatMap(({ folder, paths }) =>
    paths === undefined ? [] : [`${path.join(folder, launcherName())} starts ${paths.script}`],
  )
  if (missing.length > 0) {
    const text = `not in ${missing.map(({ folder }) => folder).join(', ')}`
    return { what: 'launcher', isGood: false, text, hints: ['kcap install'] }
  }
  if (foreign.length > 0) {
    const text = `${there.join('; ')}, not this one (${own})`
    return { what: 'launcher', isGood: false, text, hints: ['kcap install'] }
  }
  return { what: 'launcher', isGood: true, text: `kcap ${version}: ${there.join('; ')}`, hints: [] }
}

async function describeNode({ node }: LauncherPaths): Promise<Finding> {
  const { stdout, exitCode } = await runProgram([node, '--version'], { timeoutMs: programTimeoutMs })
  const told = stdout.trim()
  const [major = 0, minor = 0] = told.replace('v', '').split('.').map(Number)
  if (exitCode !== 0) return { what: 'node', isGood: false, text: `${node} can't be started`, hints: ['kcap install'] }
  const isGood = major > 20 || (major === 20 && minor >= 19)
  const text = `${node} ${told}${isGood ? '' : ' is too old: kcap needs 20.19 or newer'}`
  return { what: 'node', isGood, text, hints: isGood ? [] : ['kcap install, run with a newer Node'] }
}

async function describeConfig(): Promise<Finding> {
  try {
    const { file, list } = await loadSettings()
    const contexts = list.contexts?.join(', ') ?? 'the current one'
    const config = existsSync(file) ? file : `defaults, because there is no ${file}`
    const kubeconfigs = findKubeconfigPaths().map((path) => (existsSync(path) ? path : `${path} (does not exist)`))
    const text = `${config}; contexts listed: ${contexts}, up to ${list.maxPods} pods and workloads; kubeconfig: ${kubeconfigs.join(', ')}`
    return { what: 'config', isGood: true, text, hints: [] }
  } catch (error) {
    const { message, hints } = toKcapError(error)
    return { what: 'config', isGood: false, text: message, hints }
  }
}

/** Reports whether a desktop's short PATH finds the programs that log in. */
async function describeLogins(launchers: readonly LauncherPaths[]): Promise<Finding> {
  const what = 'logins'
  let programs: LoginProgram[]
  try {
    programs = await findLoginPrograms(await loadSettings(), launchers[0]?.folders ?? [])
  } catch (error) {
    const { code, message } = toKcapError(error)
    // Someone with SSH hosts only has no kubeconfig.
    return code === 'kubeconfig-missing'
      ? { what, isGood: true, text: 'there is no kubeconfig', hints: [] }
      : { what, isGood: false, text: message, hints: [] }
  }
  const text = programs.map(({ name, context, file }) => `${name} (${context}) is ${file ?? 'not found'}`).join('; ')
  const lost = programs.filter(({ file }) => file === undefined)
  if (lost.length === 0) return { what, isGood: true, text: text || 'need no program', hints: [] }
  const own = await askLoginFolders()
  const isInShell = await Promise.all(
    lost.map(async ({ name }) => await hasProgram(name, { PATH: own.join(path.delimiter) })),
  )
  const hints = isInShell.every(Boolean)
    ? ['kcap install']
    : ['"path" in the config names their folders: kcap config init']
  return { what, isGood: false, text, hints }
}

/**
 * Reports the answer that Wireshark gets and how long it takes, by running the launcher itself. Then explains, with a longer timeout, why a cluster
 * is missing.
 */
async function describeListing(folder: string | undefined): Promise<Finding> {
  const own = findOwnPaths()
  const argv: [string, ...string[]] =
    folder === undefined ? [own.node, own.script] : [path.join(folder, launcherName())]
  const startedMs = performance.now()
  const answer = await runProgram([...argv, '--extcap-interfaces', '--extcap-version=4.4'], {
    timeoutMs: programTimeoutMs,
  })
  const tookMs = performance.now() - startedMs
  const count = answer.stdout.split('\n').filter((line) => line.startsWith('interface ')).length
  const listing = await readListing(refreshLimits, () => [])
  const clusters = listing.clusters.map(describeCluster)
  const text = `${count} interfaces in ${(tookMs / 1000).toFixed(2)} s; ${clusters.map(({ text }) => text).join('; ') || 'no cluster'}`
  const hints = [
    ...answer.stderr
      .trim()
      .split('\n')
      .filter((line) => line !== ''),
    ...clusters.flatMap(({ hints }) => hints),
  ]
  const isGood = answer.exitCode === 0 && count > 0 && listing.clusters.every(({ state }) => state === 'answered')
  return { what: 'listing', isGood, text, hints: [...new Set(hints)] }
}
