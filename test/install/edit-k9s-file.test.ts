import yaml from 'js-yaml'
import { describe, expect, test } from 'vitest'
import { addK9sPlugins, removeK9sPlugins } from '../../src/install/edit-k9s-file.ts'

const paths = { node: "/opt/it's/node", script: '/opt/kcap dist/kcap.cjs' }
type Plugins = Record<string, { shortCut: string; scopes: string[]; args: string[]; command: string }>

function add(text: string, own = paths): string {
  const edit = addK9sPlugins(text, own)
  if ('refusal' in edit) throw new Error(edit.refusal)
  return edit.text
}

function remove(text: string): string {
  const edit = removeK9sPlugins(text)
  if ('refusal' in edit) throw new Error(edit.refusal)
  return edit.text
}

const parse = (text: string) => (yaml.load(text) as { plugins: Plugins }).plugins

const stern = `plugins:
  # Logs of many pods.
  stern:
    shortCut: Ctrl-Y
    confirm: false
    description: "Logs <Stern>"
    scopes:
      - pods
    command: stern
    background: false
    args:
      - --tail
      - 50
      - $FILTER   # of the view
`
const shapes: Readonly<Record<string, string>> = {
  'an empty file': '',
  'an empty line': '\n',
  'only comments': '# my plugins\n',
  'only comments, without a final newline': '# my plugins',
  'a document start': '---\n',
  'no plugins yet': 'plugins: {}\n',
  'no plugins yet, without a final newline': 'plugins: {}',
  'no plugins yet, with spaces and a comment': 'plugins:   { }  # a: b\n# end\n',
  'no plugins yet, after a tab': 'plugins:\t{}\n',
  'a key without a value': 'plugins:\n',
  'a key without a value, and a comment': 'plugins: # mine\n',
  null: 'plugins: null\n',
  'a quoted key': '"plugins": ~\n',
  "somebody else's plugin": stern,
  'a document start, comments and a plugin': `# mine\n---\n# more\n${stern}\n# end\n`,
  'a plugin without a final newline': stern.trimEnd(),
  'Windows line ends': stern.replaceAll('\n', '\r\n'),
  'an indentation of four': 'plugins:\n    a:\n        shortCut: Shift-X\n        scopes: [pods]\n',
  'a flow plugin, and an anchor': 'plugins: &all\n  a: { shortCut: x, args: &x [a, "b # c"] }\n  b: { args: *x }\n',
  'a script in a plugin':
    "plugins:\n  a:\n    args:\n      - -c\n      - |\n        # kcap is not here\n        plugins:\n          b: '\n",
}

describe('kcap in a plugins.yaml', () => {
  test.each(Object.entries(shapes))('with %s adds three plugins, and removes them without a trace', (_name, before) => {
    const others = (yaml.load(before) as { plugins?: Plugins } | null | undefined)?.plugins ?? {}
    const after = add(before)
    const { 'kcap-pod': pod, 'kcap-service': service, 'kcap-deployment': deployment, ...rest } = parse(after)
    expect(rest).toEqual(others)
    expect([pod?.scopes, service?.scopes, deployment?.scopes]).toEqual([['pods'], ['services'], ['deployments']])
    expect(pod).toEqual({
      shortCut: 'Shift-W',
      description: 'Wireshark',
      scopes: ['pods'],
      command: paths.node,
      background: true,
      confirm: false,
      args: [
        ...[paths.script, 'pod/$NAME', '--context=$CONTEXT', '-n', '$NAMESPACE'],
        ...['--wireshark', '--quiet', '--error-dialog'],
      ],
    })
    expect([service?.args[1], deployment?.args[1]]).toEqual(['svc/$NAME', 'deploy/$NAME'])
    // Every other line is there as it was; only an empty value gives room.
    const lines = after.split(/(?<=\n)/)
    for (const line of before.split(/(?<=\n)/).filter((one) => one !== '' && !/^"?plugins"?:.*(?:\{|~|null)/.test(one)))
      expect(lines.some((one) => one.trimEnd() === line.trimEnd())).toBe(true)
    expect(after.includes('\r\n') && /[^\r]\n/.test(after)).toBe(false)
    expect(remove(after)).toBe(before)
  })

  test.each(Object.entries(shapes))('with %s is unchanged by another install', (_name, before) => {
    const after = add(before)
    expect(add(after)).toBe(after)
  })

  test.each(Object.entries(shapes))('with %s replaces an older form', (_name, before) => {
    const older = add(before, { node: '/old/node', script: '/old/kcap.cjs' }).replace(/^ *background: true\r?\n/gm, '')
    expect(add(older)).toBe(add(before))
  })

  test('leaves plugins alone that somebody has added since, wherever they are', () => {
    const mine = '  mine:\n    shortCut: Shift-Z\n'
    for (const before of ['', 'plugins: {}\n', stern]) {
      const after = `${add(before)}${mine}`
      expect(parse(remove(after))).toEqual({ ...(before === stern && parse(stern)), mine: { shortCut: 'Shift-Z' } })
    }
  })

  test('takes the next shortcut if another plugin has the first', () => {
    const after = add('plugins:\n  a:\n    shortCut: shift-w\n  b:\n    shortCut: Shift-Y\n')
    expect(parse(after)['kcap-pod']?.shortCut).toBe('Shift-G')
  })

  test.each([
    ['plugins:\n\tstern:\n\t\tshortCut: x\n', 'line 2: '],
    ['plugins: [', 'line 1: '],
    ['plugins:\n  a: 1\n---\nplugins:\n  b: 1\n', 'line 3: '],
    ['- a\n', 'it is no list of keys and values'],
    ['{ plugins: {} }\n', 'it is no list of keys and values'],
    ['stern:\n  shortCut: x\n', 'it has other keys than "plugins"'],
    ['plugins: {}\nmore: 1\n', 'it has other keys than "plugins"'],
    ['plugins: { a: { shortCut: x } }\n', 'its plugins are not one below the other'],
    ['plugins:\n- a\n', 'its plugins are not one below the other'],
    ['plugins: {\n}\n', 'its plugins are not one below the other'],
    ['plugins:\n  kcap-pod:\n    shortCut: x\n', 'it has a plugin "kcap-pod" that kcap did not write'],
    ['# mine\n...\n', ''],
    [
      `plugins:\n${['W', 'Y', 'G', 'H', 'B'].map((key) => `  ${key}x: { shortCut: Shift-${key} }\n`).join('')}`,
      'other plugins use all of Shift-W',
    ],
  ])('refuses %j', (text, state) => {
    const edit = addK9sPlugins(text, paths)
    expect('refusal' in edit ? edit.refusal : edit).toContain(state)
  })

  test('is not removed if the end is missing, or if other plugins are in between', () => {
    const after = add(stern)
    expect(removeK9sPlugins(after.replace(/.*# kcap end.*\n/, ''))).toEqual({ refusal: 'it has no line "# kcap end"' })
    const between = after.replace('  # kcap end', '  mine:\n    shortCut: x\n  # kcap end')
    expect(removeK9sPlugins(between)).toEqual({
      refusal: 'there are other plugins between "# kcap begin" and "# kcap end"',
    })
  })
})
