import path from 'node:path'
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml'
import type { CreatingRoute } from '../base/capture-request.ts'
import { KcapError } from '../base/kcap-error.ts'
import { isKubeQuantity } from '../base/kube-quantity.ts'
import { quote } from '../base/quote.ts'
import { findSimilarNames } from '../base/similar-names.ts'
import type { SshHostName } from '../base/target.ts'
import { findUserFolders } from '../host/user-folders.ts'
import { defaultMaxPods, defaultNamedMaxPods, defaultSettings, type Settings } from './settings.ts'

const maxListedPods = 20_000
const topKeys = [
  'list',
  'sshHosts',
  'nodeSsh',
  'consent',
  'debug',
  'path',
  'kubeconfig',
  'defaultTarget',
  'profiles',
] as const

/**
 * Parses the text of a config file.
 * @throws {KcapError} config-broken — when a key or value is wrong; the message has its line
 */
export function parseSettings(file: string, text: string): Settings {
  const lines = new LineCounter()
  const lineAt = (offset: number | undefined) => lines.linePos(offset ?? 0).line
  const fail = (offset: number | undefined, state: string, hints: readonly string[] = []): never => {
    throw new KcapError('config-broken', `cannot use the config file "${file}": line ${lineAt(offset)}: ${state}`, {
      hints: [...hints, `"\${EDITOR:-vi}" ${quote(file)}`],
    })
  }
  const document = parseText(text, lines) ?? fail(undefined, 'it is nested too deeply')
  const [problem] = document.errors
  if (problem !== undefined) fail(problem.pos[0], problem.message.split('\n')[0]?.replace(/[:.]$/, '') ?? '')

  const readMap = (node: unknown, what: string, known?: readonly string[]): Map<string, Node | null> => {
    if (!isMap(node)) return fail(offsetOf(node), `${what} must be a list of keys and values`)
    const entries = new Map<string, Node | null>()
    for (const { key, value } of (node as YAMLMap).items as Pair<unknown, Node | null>[]) {
      const name = isScalar(key) ? String(key.value) : ''
      if (known !== undefined && !known.includes(name)) {
        const near = findSimilarNames(name, known, 1)
        fail(offsetOf(key), `there is no key "${name}"`, [`keys there: ${(near.length > 0 ? near : known).join(', ')}`])
      }
      entries.set(name, value)
    }
    return entries
  }
  const readText = (node: Node | null | undefined, what: string): string => {
    if (isScalar(node) && (typeof node.value === 'string' || typeof node.value === 'number')) return String(node.value)
    return fail(offsetOf(node), `${what} must be a text`)
  }
  const readTexts = (node: Node | null | undefined, what: string): string[] => {
    if (!isSeq(node)) return fail(offsetOf(node), `${what} must be a list, such as [a, b]`)
    return node.items.map((item) => readText(item as Node, `each of ${what}`))
  }
  const readCount = (node: Node | null | undefined, what: string): number => {
    const value = isScalar(node) ? node.value : undefined
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= maxListedPods) return value
    return fail(offsetOf(node), `${what} must be a whole number from 0 to ${maxListedPods}`)
  }

  const defaults = defaultSettings(file)
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) return defaults
  const top = readMap(document.contents, 'the file', topKeys)
  const listNode = top.get('list')
  const list =
    listNode === undefined
      ? new Map<string, Node | null>()
      : readMap(listNode, '"list"', ['contexts', 'namespaces', 'selector', 'maxPods'])
  const isNarrowed = list.has('namespaces') || list.has('selector')
  const debugNode = top.get('debug')
  const debugKeys = ['image', 'pullPolicy', 'pullSecret', 'namespace', 'cpu', 'memory', 'privileged']
  const debug = debugNode === undefined ? new Map<string, Node | null>() : readMap(debugNode, '"debug"', debugKeys)
  const readFlag = (node: Node | null | undefined, what: string): boolean => {
    if (isScalar(node) && typeof node.value === 'boolean') return node.value
    return fail(offsetOf(node), `${what} must be true or false`)
  }
  /** Returns a quantity as the API writes it: `100m`, `1`, `256Mi`. */
  const readAmount = (node: Node | null | undefined, what: string): string => {
    const text = isScalar(node) && typeof node.value === 'number' ? String(node.value) : readText(node, what)
    return isKubeQuantity(text) ? text : fail(offsetOf(node), `${what} must be an amount, such as 100m or 256Mi`)
  }
  const readChoice =
    <Choice extends string>(choices: readonly Choice[]) =>
    (node: Node | null | undefined, what: string): Choice => {
      const text = readText(node, what)
      const choice = choices.find((known) => known === text)
      return choice ?? fail(offsetOf(node), `${what} must be one of ${choices.join(', ')}`)
    }
  const readConsent = (node: Node | null | undefined, what: string): CreatingRoute[] => {
    if (!isSeq(node)) return fail(offsetOf(node), `${what} must be a list, such as [ephemeral]`)
    return node.items.map((item) => readChoice(['ephemeral', 'node-pod'])(item as Node, `each of ${what}`))
  }
  const optional = <Value>(
    entries: ReadonlyMap<string, Node | null>,
    key: string,
    read: (node: Node | null | undefined, what: string) => Value,
  ): Value | undefined => (entries.has(key) ? read(entries.get(key), `"${key}"`) : undefined)
  const readNodeSsh = (node: Node | null | undefined, what: string): SshHostName => {
    const entries = readMap(node, what, ['host', 'user', 'port', 'identityFiles', 'jumpHost', 'sudo'])
    const host = optional(entries, 'host', readText) ?? '{node}'
    if (!/\{(node|address)\}/.test(host))
      fail(offsetOf(entries.get('host')), '"host" must have {node} or {address} in it, which stands for each node')
    return {
      kind: 'ssh',
      host,
      user: optional(entries, 'user', readText),
      port: optional(entries, 'port', readCount),
      identityFiles: optional(entries, 'identityFiles', readTexts),
      jumpHost: optional(entries, 'jumpHost', readText),
      sudo: optional(entries, 'sudo', readChoice(['none', 'sudo', 'doas'])) ?? 'none',
    }
  }
  const readFile = (node: Node | null | undefined, what: string): string => expandHome(readText(node, what))
  const readFolders = (node: Node | null | undefined, what: string): string[] =>
    readTexts(node, what).map((folder) => {
      const expanded = expandHome(folder)
      return path.isAbsolute(expanded) ? expanded : fail(offsetOf(node), `each of ${what} must be a whole path`)
    })
  const readProfiles = (node: Node | null | undefined, what: string): Map<string, readonly string[]> => {
    const entries = [...readMap(node, what)]
    return new Map(
      entries.map(([name, words]) => [
        name,
        isSeq(words) ? readTexts(words, `"${name}"`) : readText(words, `"${name}"`).trim().split(/\s+/),
      ]),
    )
  }
  return {
    file,
    list: {
      contexts: optional(list, 'contexts', readTexts),
      namespaces: optional(list, 'namespaces', readTexts),
      selector: optional(list, 'selector', readText),
      maxPods: optional(list, 'maxPods', readCount) ?? (isNarrowed ? defaultNamedMaxPods : defaultMaxPods),
    },
    sshHosts: optional(top, 'sshHosts', readTexts) ?? [],
    nodeSsh: optional(top, 'nodeSsh', readNodeSsh),
    consent: optional(top, 'consent', readConsent) ?? [],
    debug: {
      image: optional(debug, 'image', readText) ?? defaults.debug.image,
      pullPolicy: optional(debug, 'pullPolicy', readChoice(['Always', 'IfNotPresent', 'Never'])),
      pullSecret: optional(debug, 'pullSecret', readText),
      namespace: optional(debug, 'namespace', readText),
      cpu: optional(debug, 'cpu', readAmount),
      memory: optional(debug, 'memory', readAmount),
      privileged: optional(debug, 'privileged', readFlag) ?? false,
    },
    path: optional(top, 'path', readFolders) ?? [],
    kubeconfig: optional(top, 'kubeconfig', readFile),
    defaultTarget: optional(top, 'defaultTarget', readText),
    profiles: optional(top, 'profiles', readProfiles) ?? new Map(),
  }
}

function expandHome(file: string): string {
  return file === '~' || file.startsWith('~/') ? path.join(findUserFolders().home, file.slice(1)) : file
}

/** Parses YAML. The parser recurses for each level; returns undefined if the stack is too small for that. */
function parseText(text: string, lineCounter: LineCounter) {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function offsetOf(node: unknown): number | undefined {
  return (node as { range?: readonly number[] } | null | undefined)?.range?.[0]
}
