import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { version } from '../base/version.ts'
import { sweepCompileCache } from '../host/compile-cache.ts'
import { sweepPrivateFolders } from '../host/private-folder.ts'
import { findUserFolders } from '../host/user-folders.ts'
import { isPodEntry, omitsPods } from '../listing/choose-entries.ts'
import type { ListedEntry } from '../listing/cluster-names.ts'
import { type ListLimits, listingLimits, refreshLimits } from '../listing/list-clusters.ts'
import { openNamesCache } from '../listing/names-cache.ts'
import { type Listing, readListing } from '../listing/read-listing.ts'
import { acquireRefreshLock, startRefresh } from '../listing/refresh.ts'
import { refreshNames } from '../listing/refresh-names.ts'
import { sweepAnswers } from './answer-file.ts'
import { type ExtcapInterface, formatInterfaceDisplay, formatInterfaceValues } from './interface-name.ts'
import { writeKnownDialogs } from './known-dialogs.ts'
import { findRecentTargets } from './recent-targets.ts'
import { formatSentence } from './sentence.ts'
import { beginListing, isSuperseded, writeWarmList } from './warm-list.ts'

/** Answers `--extcap-interfaces` if no list is warm. Takes at most 1.5 s: uses the clusters that answer in time, and cached names for the others. */
export async function listExtcapInterfaces(): Promise<string> {
  const { text, isStale } = await answerList(listingLimits(process.uptime() * 1000))
  if (isStale) startRefresh()
  return text
}

/**
 * Refreshes the list in the background, with time for logins that need it; the next listing uses the result. For shell completion, refreshes what is
 * known about one context. Only one refresh runs at a time.
 */
export async function refreshList(context?: string): Promise<void> {
  const release = acquireRefreshLock()
  if (release === undefined) return
  try {
    if (context !== undefined) return await refreshNames(context)
    sweepPrivateFolders()
    openNamesCache(findUserFolders().cache).sweep()
    sweepAnswers()
    sweepCompileCache()
    await answerList(refreshLimits)
  } finally {
    release()
  }
}

async function answerList(limits: ListLimits): Promise<{ text: string; isStale: boolean }> {
  const start = beginListing()
  const listing = await readListing(limits, findRecentTargets)
  const items = toInterfaces(listing)
  const text = formatInterfaceList(items, listing.currentContext)
  try {
    if (!isSuperseded(start)) {
      writeKnownDialogs(formatInterfaceValues(items), listing.clusters)
      writeWarmList(text, start)
    }
  } catch {
    // Without a writable folder every question is computed again, and a refresh would have nowhere to put what it finds.
    return { text, isStale: false }
  }
  return { text, isStale: listing.clusters.some((cluster) => cluster.isStale) }
}

function toInterfaces({ clusters, sshHosts }: Listing): ExtcapInterface[] {
  return [
    ...clusters.flatMap(({ context, listed }) => listed.map((entry) => toInterface(context, entry))),
    ...clusters.flatMap(({ context, names }) =>
      (names?.records ?? []).map((record): ExtcapInterface => ({ kind: 'record', context, ...record })),
    ),
    ...clusters.map(({ context, listed, names }): ExtcapInterface => {
      const isCut = names !== undefined && omitsPods(names, listed)
      return { kind: 'cluster', context, ...(isCut && { isCut }) }
    }),
    { kind: 'ssh' },
    ...[...new Set(sshHosts)].map((host): ExtcapInterface => ({ kind: 'ssh', host })),
    { kind: 'shared' },
    { kind: 'demo' },
  ]
}

function toInterface(context: string, entry: ListedEntry): ExtcapInterface {
  const { namespace } = entry
  if (isPodEntry(entry)) return { kind: 'pod', context, namespace, pod: entry.pod }
  return { kind: 'workload', context, namespace, workload: entry.kind, name: entry.name, podCount: entry.podCount }
}

/** Returns the URL of the page next to the program that a dialog's Help button opens; undefined if there is none, as in tests. */
function findHelpPage(): string | undefined {
  const page = path.join(path.dirname(process.argv[1] ?? ''), 'wireshark.html')
  return existsSync(page) ? pathToFileURL(realpathSync(page)).href : undefined
}

/** Returns the list as `extcap` and `interface` sentences. */
export function formatInterfaceList(items: readonly ExtcapInterface[], currentContext: string | undefined): string {
  const values = formatInterfaceValues(items)
  const lines = items.map((item, index) =>
    formatSentence('interface', { value: values[index], display: formatInterfaceDisplay(item, currentContext) }),
  )
  return formatSentence('extcap', { version, help: findHelpPage(), display: 'kcap' }) + lines.join('')
}
