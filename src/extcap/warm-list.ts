import { readFileStatus } from '../host/private-file.ts'
import { findKubeconfigPaths } from '../kube/kubeconfig-paths.ts'
import { findConfigFile } from '../settings/config-file.ts'
import { readAnswer, removeAnswer, writeAnswer } from './answer-file.ts'

/**
 * Wireshark lists anew whenever a network interface of this machine comes or goes, and some people press F5 twice: for this long the
 * list is not asked for again.
 */
const warmMs = 10_000
const fileName = 'list'

/** When a listing began, and the files that decide which clusters are listed, as they were then. */
export interface ListingStart {
  readonly startedMs: number
  readonly inputs: string
}

/** To be called before the files are read: what changes while clusters are asked makes the list an old one. */
export function beginListing(environment: NodeJS.ProcessEnv = process.env, nowMs = Date.now()): ListingStart {
  return { startedMs: nowMs, inputs: formatInputs(environment) }
}

/** Returns the list as it was answered moments ago, if what it was made of is still the same. Loads nothing. */
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

/** Returns whether another list was written since this one began: that one is the newer, and its dialogs are. */
export function isOvertaken({ startedMs }: ListingStart, environment: NodeJS.ProcessEnv = process.env): boolean {
  return readAnswer(fileName, (key) => readTakenMs(key) > startedMs, environment) !== undefined
}

export function writeWarmList(
  text: string,
  { inputs }: ListingStart,
  environment: NodeJS.ProcessEnv = process.env,
  nowMs = Date.now(),
): void {
  writeAnswer(fileName, formatKey(nowMs, inputs), text, environment)
}

/** Makes the next list ask the clusters: a pod of this one was not there. Never throws. */
export function forgetWarmList(): void {
  try {
    removeAnswer(fileName)
  } catch {
    // It is old in ten seconds anyway.
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
