import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const lanes = readFileSync('.ci/real-lanes', 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(' '))
  .map(([lane = '', name = '']) => ({ lane, name, isFront: lane.startsWith('front-') }))
/** Need the kubectl that comes with the front. */
const frontOnly = ['kubeconfig-parity']

const names = readdirSync('test/real')
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => file.replace('.test.ts', ''))
const namesOf = (isFront: boolean) => lanes.filter((line) => line.isFront === isFront).map(({ name }) => name)

test('every real test file has one lane in .ci/real-lanes', () => {
  expect([...namesOf(false), ...frontOnly].sort()).toEqual(names.sort())
})

test('the lanes with the front name existing files, each once', () => {
  const front = namesOf(true)
  expect(front).toEqual(expect.arrayContaining(frontOnly))
  expect(front.filter((name, i) => !names.includes(name) || front.indexOf(name) !== i)).toEqual([])
})

test('.ci/run starts every lane', () => {
  const started = [...readFileSync('.ci/run', 'utf8').matchAll(/\breal((?: [a-z][a-z-]+)+)$/gm)].flatMap(
    ([, words = '']) => words.trim().split(' '),
  )
  expect([...new Set(lanes.map(({ lane }) => lane))].filter((lane) => !started.includes(lane))).toEqual([])
})
