import { readFileStatus } from '../host/private-file.ts'
import { findKubeconfigPaths } from '../kube/kubeconfig-paths.ts'
import { findConfigFile } from '../settings/config-file.ts'
import { readAnswer, removeAnswer, storeAnswer } from './answer-file.ts'

/**
 * How long a list stays warm. Wireshark repeats the listing whenever a local network interface appears or disappears, and some people press F5 twice.
 */
const warmMs = 10_000
const fileName = 'list'

/** Start time of a listing, and the state at that time of the files that decide which clusters are listed. */
export interface ListingStart {
  readonly startedMs: number
  readonly inputs: string
}

/** Records the start of a listing. Call it before reading the files: a change while clusters are asked makes the list outdated. */
export function beginListing(environment: NodeJS.ProcessEnv = process.env, nowMs = Date.now()): ListingStart {
  return { startedMs: nowMs, inputs: formatInputs(environment) }
}

/** Returns the list answered moments ago, if its inputs are unchanged. Loads nothing. */
export function readWarmList(environment: NodeJS.ProcessEnv = process.env, nowMs = Date.now()): string | undefined {
  return readAnswer(
    fileName,
    (key) => {
      const takenMs = readTakenMs(key)
      const ageMs = nowMs - takenMs
      return ageMs >= 0 && ageMs < warmMs && key === formatKey(takenMs, formatInputs(environment))
    },
    environment,
  )
}

/** Returns whether another list was written since this one began. That list, with its dialogs, is newer. */
export function isSuperseded({ startedMs }: ListingStart, environment: NodeJS.ProcessEnv = process.env): boolean {
  return readAnswer(fileName, (key) => readTakenMs(key) > startedMs, environment) !== undefined
}

export function writeWarmList(
  text: string,
  { inputs }: ListingStart,
  environment: NodeJS.ProcessEnv = process.env,
  nowMs = Date.now(),
): void {
  storeAnswer(fileName, formatKey(nowMs, inputs), text, environment)
}

/** Makes the next listing ask the clusters, because a listed pod did not exist. Never throws. */
export function forgetWarmList(): void {
  try {
    removeAnswer(fileName)
  } catch {
    // It expires in ten seconds anyway.
  }
}

function formatKey(takenMs: number, inputs: string): string {
  return `${takenMs} ${inputs}`
}

function readTakenMs(key: string): number {
  return Number(key.split(' ', 1)[0])
}

function formatInputs(environment: NodeJS.ProcessEnv): string {
  const files = [...findKubeconfigPaths(environment), findConfigFile(environment)].map((file) => {
    const status = readFileStatus(file)
    return [file, status?.modifiedMs, status?.size]
  })
  return JSON.stringify([environment.KUBECONFIG, ...files])
}
