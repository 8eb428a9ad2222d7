import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { printable } from '../base/printable.ts'
import type { TargetName } from '../base/target.ts'
import { accountLabel } from '../host/account.ts'
import { makeRequest } from '../request/make-request.ts'
import type { ParsedArguments } from '../request/parse-arguments.ts'
import { parseDuration } from '../request/parse-quantity.ts'
import type { RecordOption } from '../request/record-options.ts'
import type { Settings } from '../settings/settings.ts'
import { formatFollowedName } from '../target/pod-set.ts'
import type { RecordSpec } from './record-objects.ts'
import { makeRecorderArgv } from './recorder-argv.ts'
import type { Selection } from './select-pods.ts'

const defaultKeep = '500MB'
const defaultFor = '1h'
/** Longest record: nobody remembers one that runs longer. */
const longestForMs = 30 * 24 * 60 * 60 * 1000
/** A label's limit is 63, and names of jobs add a prefix and a hash. */
const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,42}[a-z0-9])?$/

/**
 * Makes the specification of a record from the command line. `home` is the namespace of the context.
 * @throws {KcapError} usage, bad-filter — when an option is invalid
 */
export function planRecord(
  parsed: ParsedArguments<RecordOption>,
  settings: Settings,
  targets: readonly TargetName[],
  selection: Selection,
  home: string,
): RecordSpec {
  const withKeep = { ...parsed, text: (name: Parameters<typeof parsed.text>[0]) => readText(parsed, name) }
  // The request that a recorder makes of the same options; it refuses what a recorder would.
  const output = { kind: 'file', path: 'recording.pcapng', overwrite: true } as const
  const { debug, rotation } = makeRequest(withKeep, { output, commandLine: '', settings, targets })
  const { keepBytes = 0 } = rotation ?? {}
  const forText = parsed.text('for') ?? defaultFor
  const forMs = parseDuration('for', forText)
  if (forMs > longestForMs)
    throw new KcapError('usage', `cannot use --for "${forText}": must be at most 30 days`, { hints: ['--for 24h'] })
  const [first] = targets
  const name = chooseName(parsed.text('name'), first)
  return {
    name,
    namespace: parsed.text('debug-namespace') ?? settings.debug.namespace ?? findNamespace(first, selection, home),
    description: {
      targets: targets.map(nameTarget).join(', '),
      argv: [...makeRecorderArgv(withKeep, selection), '--name', name],
      namespaces: selection.namespaces,
      keepBytes,
      untilMs: Date.now() + forMs,
    },
    image: parsed.text('image') ?? debug.image,
    debug,
    serviceAccount: parsed.text('service-account'),
    priorityClass: parsed.text('priority-class'),
    storeSecret: parsed.text('s3-secret'),
    owner: printable(`${accountLabel()}@${hostname()} ${process.pid} ${new Date().toISOString()}`),
    forSeconds: Math.ceil(forMs / 1000),
  }
}

/** Reads an option; a record keeps a certain size unless another one is given. */
function readText<Name extends string>(
  parsed: { text(name: Name): string | undefined },
  name: Name,
): string | undefined {
  return parsed.text(name) ?? (name === 'keep' ? defaultKeep : undefined)
}

/** Returns the namespace of the jobs: that of the pods, if they are in a single one. */
function findNamespace(first: TargetName | undefined, { namespaces }: Selection, home: string): string {
  if (namespaces.length === 1) return namespaces[0] as string
  return (first !== undefined && 'namespace' in first ? first.namespace : undefined) ?? home
}

function chooseName(given: string | undefined, first: TargetName | undefined): string {
  const suffix = randomBytes(2).toString('hex')
  if (given === undefined) return `${shortName(first)}-${suffix}`
  if (namePattern.test(given)) return given
  throw new KcapError(
    'usage',
    `cannot use --name "${given}": must be at most 44 lower-case letters, digits and dashes`,
    { hints: [line('--name', `orders-${suffix}`)] },
  )
}

/** Returns a part of the target's name that a label may have. */
function shortName(target: TargetName | undefined): string {
  const text = target === undefined ? '' : nameTarget(target)
  const part = text.replace(/ \(.*/, '').split('/').at(-1) ?? ''
  const name = part
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 36)
    .replace(/^-+|-+$/g, '')
  return name === '' ? 'pods' : name
}

/** Names a target as the user did: `svc/orders`, `node/worker-1`. */
function nameTarget(target: TargetName): string {
  if (target.kind === 'node') return `node/${target.node}`
  if (target.kind === 'ssh' || target.kind === 'local' || target.kind === 'stream') return target.kind
  return formatFollowedName(target)
}
