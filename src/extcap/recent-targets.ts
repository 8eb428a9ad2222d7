import path from 'node:path'
import { readPrivateFile, writePrivateFile } from '../host/private-file.ts'
import { findUserFolders } from '../host/user-folders.ts'
import type { ListedEntry } from '../listing/cluster-names.ts'
import type { ParsedArguments } from '../request/parse-arguments.ts'
import {
  formatInterfaceValue,
  type InterfaceReference,
  isHashedName,
  isPartOf,
  parseInterfaceValue,
} from './interface-name.ts'

/** Number of recently captured interfaces to keep, latest first. They come first in a list that cannot hold all. */
const mostRecent = 20
/** Limit for one cluster, because the list has other pods to show. */
const mostOfCluster = 8
const maxFileBytes = 64 * 1024

/** Returns the recently captured targets of a context. */
export function findRecentTargets(context: string, environment: NodeJS.ProcessEnv = process.env): ListedEntry[] {
  return readRecent(environment)
    .flatMap((value): ListedEntry[] => {
      const reference = parseInterfaceValue(value)
      if (reference?.kind !== 'pod' && reference?.kind !== 'workload') return []
      const { namespace, contextPart } = reference
      if (!isPartOf(contextPart, context)) return []
      if (reference.kind === 'workload')
        return isHashedName(reference.name)
          ? []
          : [{ kind: reference.workload, namespace, name: reference.name, podCount: 0 }]
      return isHashedName(reference.pod) ? [] : [{ namespace, pod: reference.pod }]
    })
    .slice(0, mostOfCluster)
}

/** Records a capture. For a cluster's interface, records the pod or workload that its dialog named. Never throws. */
export function noteRecentTarget(
  value: string,
  parsed: ParsedArguments,
  environment: NodeJS.ProcessEnv = process.env,
): void {
  const noted = nameTarget(parseInterfaceValue(value), parsed) ?? value
  try {
    const before = readRecent(environment)
    if (before[0] === noted) return
    const recent = [noted, ...before.filter((other) => other !== noted)].slice(0, mostRecent)
    writePrivateFile(recentPath(environment), JSON.stringify(recent))
  } catch {
    // Without a writable folder, the list has its usual order.
  }
}

function nameTarget(reference: InterfaceReference | undefined, parsed: ParsedArguments): string | undefined {
  const [context, namespace] = [parsed.text('context'), parsed.text('namespace')]
  const [, kind, name] = /^(pod|deploy|sts|ds)\/([a-z0-9.-]+)$/.exec(parsed.text('target') ?? '') ?? []
  if (reference?.kind !== 'cluster' || context === undefined || namespace === undefined || name === undefined) return
  return kind === 'pod'
    ? formatInterfaceValue({ kind: 'pod', context, namespace, pod: name })
    : formatInterfaceValue({ kind: 'workload', context, namespace, workload: kind as 'deploy' | 'sts' | 'ds', name })
}

function readRecent(environment: NodeJS.ProcessEnv): string[] {
  try {
    const kept = JSON.parse(readPrivateFile(recentPath(environment), maxFileBytes) ?? '[]') as unknown
    return Array.isArray(kept) ? kept.filter((value) => typeof value === 'string').slice(0, mostRecent) : []
  } catch {
    return []
  }
}

function recentPath(environment: NodeJS.ProcessEnv): string {
  return path.join(findUserFolders(environment).cache, 'recent')
}
