import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

/** An import goes to a lower floor or stays in its folder; folders of one floor do not see each other. */
const floors: Record<string, number> = {
  'main.ts': 9,
  cli: 8,
  extcap: 8,
  completion: 7,
  doctor: 7,
  record: 7,
  cleanup: 6,
  demo: 6,
  install: 6,
  listing: 6,
  prompt: 6,
  request: 6,
  session: 6,
  capture: 5,
  share: 5,
  route: 4,
  target: 4,
  filter: 3,
  kube: 3,
  output: 3,
  packets: 3,
  remote: 3,
  settings: 3,
  ssh: 3,
  store: 3,
  host: 2,
  tls: 2,
  base: 1,
}

/** Each npm package is known to one folder; the demo cluster is the other end of kube's WebSocket. */
const owners: Record<string, string[]> = {
  '@aws-sdk/client-s3': ['store'],
  '@aws-sdk/lib-storage': ['store'],
  '@clack/core': ['prompt'],
  '@kubernetes/client-node': ['record'],
  'agent-base': ['kube'],
  execa: ['host'],
  pino: ['host'],
  'js-yaml': ['kube'],
  minimist: ['request'],
  socks: ['kube'],
  'ssh-config': ['ssh'],
  ssh2: ['ssh'],
  ws: ['demo', 'kube', 'share'],
  yaml: ['install', 'settings'],
}

interface Import {
  readonly file: string
  readonly specifier: string
  readonly isType: boolean
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const imports: Import[] = sources.flatMap((file) => {
  const text = readFileSync(path.join('src', file), 'utf8')
  const statements = [
    ...text.matchAll(
      /^(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'|^import\s+'([^']+)'|import\('([^']+)'\)/gms,
    ),
  ]
  return statements.map(([, type, from, bare, dynamic]) => ({
    file,
    specifier: from ?? bare ?? dynamic ?? '',
    isType: type !== undefined,
  }))
})

function folderOf(file: string): string {
  return file.split('/')[0] ?? ''
}

function targetOf({ file, specifier }: Import): string {
  return path.join(path.dirname(file), specifier)
}

/** Returns what these files load at their start, with all static imports: `file → import`. */
function loadedBy(...files: readonly string[]): string[] {
  const found = new Map<string, string[]>()
  const visit = (file: string): void => {
    if (found.has(file)) return
    const text = readFileSync(path.join('src', file), 'utf8')
    const specifiers = [...text.matchAll(/^import\s+(?!type\s)[^'";]*?from\s+'([^']+)'/gms)].map(
      ([, from = '']) => from,
    )
    found.set(file, specifiers)
    for (const from of specifiers) if (from.startsWith('.')) visit(path.join(path.dirname(file), from))
  }
  for (const file of files) visit(file)
  return [...found].flatMap(([file, specifiers]) => specifiers.map((from) => `${file} → ${from}`))
}

test('the bundler finds no import that these tests do not read', async () => {
  const { metafile } = await build({
    entryPoints: sources.map((file) => path.join('src', file)),
    bundle: true,
    write: false,
    outdir: 'unused',
    platform: 'node',
    format: 'esm',
    packages: 'external',
    loader: { '.sh': 'empty' },
    metafile: true,
    logLevel: 'silent',
  })
  const read = new Set(imports.map(({ file, specifier }) => `${file} → ${specifier}`))
  const bundled = Object.entries(metafile.inputs).flatMap(([file, { imports: found }]) =>
    found.map(({ path: target, original = target }) => `${path.relative('src', file)} → ${original}`),
  )
  expect(bundled.length).toBeGreaterThan(500)
  expect(bundled.filter((edge) => !read.has(edge))).toEqual([])
  // What is put together while it runs is seen by neither.
  expect(sources.filter((file) => /import\((?!')/.test(readFileSync(path.join('src', file), 'utf8')))).toEqual([])
})

test('every folder of src has a floor', () => {
  expect([...new Set(sources.map(folderOf))].filter((folder) => floors[folder] === undefined)).toEqual([])
  expect(Object.keys(floors).filter((folder) => !sources.some((file) => folderOf(file) === folder))).toEqual([])
})

test('imports go down, or stay in their folder', () => {
  const wrong = imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .filter((item) => {
      const [from, to] = [folderOf(item.file), folderOf(targetOf(item))]
      return from !== to && (floors[to] ?? 99) >= (floors[from] ?? 0)
    })
  expect(
    wrong.map(
      (item) =>
        `${item.file} (floor ${floors[folderOf(item.file)]}) imports ${targetOf(item)} (floor ${floors[folderOf(targetOf(item))]})`,
    ),
  ).toEqual([])
})

/** The first circle of these edges: `a → b → a`. */
function findCircle(edges: readonly (readonly [from: string, to: string])[]): string | undefined {
  const targets = new Map<string, string[]>()
  for (const [from, to] of edges) targets.set(from, [...(targets.get(from) ?? []), to])
  const done = new Set<string>()
  const visit = (node: string, trail: readonly string[]): string | undefined => {
    if (trail.includes(node)) return [...trail.slice(trail.indexOf(node)), node].join(' → ')
    if (done.has(node)) return undefined
    for (const next of targets.get(node) ?? []) {
      const circle = visit(next, [...trail, node])
      if (circle !== undefined) return circle
    }
    done.add(node)
    return undefined
  }
  for (const node of targets.keys()) {
    const circle = visit(node, [])
    if (circle !== undefined) return circle
  }
  return undefined
}

test('no files import each other in a circle, not even for types', () => {
  const edges = imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map((item) => [item.file, targetOf(item)] as const)
  expect(findCircle(edges)).toBe(undefined)
})

test('the folders of the demo do not import each other in a circle, not even for types', () => {
  const edges = imports
    .filter((item) => item.file.startsWith('demo/') && targetOf(item).startsWith('demo/'))
    .map((item) => [path.dirname(item.file), path.dirname(targetOf(item))] as const)
    .filter(([from, to]) => from !== to)
  expect(edges.length).toBeGreaterThan(10)
  expect(findCircle(edges)).toBe(undefined)
})

test('only the owner of an npm package imports it', () => {
  const foreign = imports.filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
  const wrong = foreign.filter(({ file, specifier, isType }) => {
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/')
    // The API's types are the vocabulary for pods; none of their code runs.
    if (isType && name === '@kubernetes/client-node') return false
    return !(owners[name] ?? []).includes(folderOf(file))
  })
  expect(wrong.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([])
})

test('the code that answers Wireshark from the cache loads neither the network nor an npm package', () => {
  const loaded = loadedBy('main.ts', 'extcap/warm-list.ts', 'extcap/dlts.ts', 'extcap/config.ts')
  expect(loaded.filter((item) => /→ (?!\.|node:(crypto|fs|module|os|path)$)/.test(item))).toEqual([])
  expect(loaded.length).toBeGreaterThan(5)
})

test('completion loads no network code: only the kubeconfig, the configs and the cache', () => {
  const network = /→ (?!\.|js-yaml$|node:(child_process|crypto|fs|fs\/promises|os|path)$)/
  expect(loadedBy('completion/complete.ts').filter((item) => network.test(item))).toEqual([])
})

test('kcap loads no proxy code where no proxy is set', () => {
  const loaded = loadedBy('kube/cluster-access.ts', 'kube/kube-request.ts', 'kube/exec-channel.ts')
  expect(loaded.filter((item) => /→ (agent-base|socks|.*proxy-agent\.ts)$/.test(item))).toEqual([])
  expect(loaded).toContain('kube/log-in.ts → ./proxy-server.ts')
})

test('only one file exports a name', () => {
  const filesOf = new Map<string, string[]>()
  for (const file of sources) {
    const text = readFileSync(path.join('src', file), 'utf8')
    const names = text.matchAll(/^export (?:async )?(?:const|function\*?|class|interface|type|enum) (\w+)/gm)
    for (const [, name = ''] of names) filesOf.set(name, [...(filesOf.get(name) ?? []), file])
  }
  expect(filesOf.size).toBeGreaterThan(500)
  // An overloaded function is exported several times by its file.
  const shared = [...filesOf].filter(([, files]) => new Set(files).size > 1)
  expect(shared.map(([name, files]) => `${name}: ${files.join(', ')}`)).toEqual([])
})

test('source files hold one idea: none is over 300 lines', () => {
  const long = sources
    .map((file) => ({ file, lines: readFileSync(path.join('src', file), 'utf8').split('\n').length }))
    .filter(({ lines }) => lines > 300)
  expect(long).toEqual([])
})
