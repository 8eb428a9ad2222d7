import { objectKinds } from '../listing/cluster-names.ts'
import { commands, findCommand } from '../request/command-table.ts'
import type { CommandOption, OfferedWords, OptionRow } from '../request/option-row.ts'
import type { KnownWords } from './known-words.ts'
import { readTypedWords, type TypedWords } from './typed-words.ts'

/** Word that fits at the cursor. One that ends in `/` can be continued. */
export interface Offer {
  readonly value: string
  readonly about?: string
}

/** Result of a completion. The shell itself completes the names of files and folders. */
export type Completion = 'files' | 'folders' | readonly Offer[]

/** Returns what can follow. `before` are the complete words of the line without `kcap`; `current` is the part of a word before the cursor. */
export async function completeWords(
  before: readonly string[],
  current: string,
  know: (typed: TypedWords) => KnownWords,
): Promise<Completion> {
  const typed = readTypedWords(before)
  const known = know(typed)
  if (typed.awaited !== undefined) return await offerValues(typed, typed.awaited, current, known)
  const [, name, value] = /^--([^=]+)=(.*)$/s.exec(current) ?? []
  if (name !== undefined && !typed.isEnded) {
    const row = typed.rows.find((option) => option.name === name)
    const offers = row === undefined ? [] : await offerValues(typed, row, value ?? '', known)
    return typeof offers === 'string'
      ? offers
      : offers.map((offer) => ({ ...offer, value: `--${name}=${offer.value}` }))
  }
  if (current.startsWith('-') && !typed.isEnded) return offerOptions(typed)
  return await offerWords(typed, current, known)
}

function offerOptions({ rows, given }: TypedWords): Offer[] {
  const open = rows.filter(({ name, kind }) => kind === 'list' || !given.has(name))
  return [
    ...open.map(({ name, help }) => ({ value: `--${name}`, about: help })),
    { value: '--help', about: 'how it is used' },
  ]
}

async function offerWords(typed: TypedWords, current: string, known: KnownWords): Promise<Offer[]> {
  const { command, words } = typed
  if (command === undefined) {
    const isFirst = words.length === 0 && !typed.isEnded
    const first = isFirst ? commands.map((name) => ({ value: name, about: findCommand(name).about })) : []
    return [...first, ...(await offerTargets(typed, current, known))]
  }
  const row = findCommand(command)
  if (row.words !== undefined && words.length === 0) return toOffers(row.words)
  if (command === 'record' && words[0] !== 'start' && words[0] !== 'run') return await offerRecords(words, known)
  const hasTargets = row.takesTargets === true && (command !== 'list' || words[0] === 'interfaces')
  return hasTargets ? await offerTargets(typed, current, known) : []
}

async function offerRecords([word = '', ...others]: readonly string[], known: KnownWords): Promise<Offer[]> {
  const isReader = word === 'attach' || word === 'fetch'
  if (word !== 'stop' && (!isReader || others.length > 0)) return []
  return toOffers((await known.names())?.records?.map(({ name }) => name) ?? [])
}

async function offerValues(
  { command, given }: TypedWords,
  row: OptionRow | CommandOption,
  current: string,
  known: KnownWords,
): Promise<Completion> {
  const choices = (command === undefined ? undefined : findCommand(command).choices?.[row.name]) ?? row.choices
  if (choices !== undefined) return toOffers(choices)
  const list: Readonly<Record<OfferedWords, () => Promise<Completion>>> = {
    files: async () => 'files',
    folders: async () => 'folders',
    contexts: async () => toOffers(await known.contexts()),
    namespaces: async () => toOffers((await known.names())?.namespaces ?? []),
    pods: async () => toOffers(await known.pods()),
    services: async () => toOffers(await known.objects('svc')),
    nodes: async () => toOffers(await known.objects('node')),
    workloads: async () => {
      const kinds = ['deploy', 'sts', 'ds'] as const
      return (await Promise.all(kinds.map(async (kind) => toOffers(await known.objects(kind), `${kind}/`)))).flat()
    },
    targets: async () => await offerTargets({ given }, current, known),
    'ssh-hosts': async () => toOffers(await known.sshHosts()),
  }
  return row.offers === undefined ? [] : await list[row.offers]()
}

/** Offers targets in two steps, so that a large cluster is no wall of names: first what precedes the slash, then what follows it. */
async function offerTargets(
  { given }: Pick<TypedWords, 'given'>,
  current: string,
  known: KnownWords,
): Promise<Offer[]> {
  if (current.startsWith('ssh:')) return toOffers(await known.sshHosts(), 'ssh://')
  const [, first] = /^([^/]*)\//.exec(current) ?? []
  const kind = objectKinds.find((name) => name === first)
  if (kind !== undefined) return toOffers(await known.objects(kind), `${kind}/`)
  if (first === 'pod') return toOffers(await known.pods(), 'pod/')
  if (first !== undefined) return toOffers(await known.pods(first), `${first}/`)
  const names = await known.names()
  const isScoped = given.has('namespace') || given.has('all-namespaces')
  const kinds = objectKinds.filter((name) => names?.objects?.some((object) => object.kind === name))
  return [
    ...toOffers(await known.pods()),
    ...(isScoped ? [] : toOffers([...new Set(names?.pods.map(({ namespace }) => `${namespace}/`))])),
    ...toOffers([...kinds.map((name) => `${name}/`), 'ssh://']),
  ]
}

function toOffers(values: readonly string[], prefix = ''): Offer[] {
  return values.map((value) => ({ value: prefix + value }))
}
