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

/** The list as it was answered moments ago, if what it was made of is still the same. Loads nothing. */
export function readWarmList(environment: NodeJS.ProcessEnv = process.env, nowMs = Date.now()): string | undefined {
  return readAnswer(
    fileName,
    (key) => {
      const [takenMs = ''] = key.split(' ', 1)
      const ageMs = nowMs - Number(takenMs)
      return ageMs >= 0 && ageMs < warmMs && key === formatKey(takenMs, environment)
    },
    environment,
  )
}

export function writeWarmList(text: string, environment: NodeJS.ProcessEnv = process.env, nowMs = Date.now()): void {
  writeAnswer(fileName, formatKey(String(nowMs), environment), text, environment)
}

/** Makes the next list ask the clusters: a pod of this one was not there. Never throws. */
export function forgetWarmList(): void {
  try {
    removeAnswer(fileName)
  } catch {
    // It is old in ten seconds anyway.
  }
}

/** Time, and the files that decide which clusters are listed, as they are now. */
function formatKey(takenMs: string, environment: NodeJS.ProcessEnv): string {
  const inputs = [...findKubeconfigPaths(environment), findConfigFile(environment)].map((file) => {
    const status = readFileStatus(file)
    return [file, status?.modifiedMs, status?.size]
  })
  return `${takenMs} ${JSON.stringify([environment.KUBECONFIG, ...inputs])}`
}
