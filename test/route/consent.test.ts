import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { makeConsent } from '../../src/route/consent.ts'

const both = ['ephemeral', 'node-pod'] as const
const none: ReadonlySet<string> = new Set()

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** A person who thinks about each question for a moment. */
function makePerson(answer: boolean, think: () => Promise<void> = nextTurn) {
  const questions: string[] = []
  return {
    questions,
    async ask(question: string) {
      questions.push(question)
      await think()
      return answer
    },
  }
}

test('a person is asked once for all targets and routes, and a yes holds for the whole capture', async () => {
  const person = makePerson(true)
  const consent = makeConsent([], person.ask)
  const places = ['prod/a', 'prod/b', 'prod/c', 'prod/d']
  const answers = await Promise.all(places.map((place) => consent.mayCreate(place, both)))
  expect(answers).toEqual(places.map(() => new Set(both)))
  expect(await consent.mayCreate('prod/later', both)).toEqual(new Set(both))
  expect(person.questions).toEqual([
    `4 targets (prod/a, prod/b, prod/c …) can be captured only by creating something for each:
  ephemeral: adds a debug container to the pod; it stops by itself, its entry stays in the pod's spec
  or node-pod: creates a temporary pod on the node, and deletes it after the capture
Allow it for the whole capture?`,
  ])
  expect([...consent.given]).toEqual(both)
})

test('the question for one target and one route names both', async () => {
  const person = makePerson(true)
  expect(await makeConsent([], person.ask).mayCreate('prod/a', ['ephemeral'])).toEqual(new Set(['ephemeral']))
  expect(person.questions).toEqual([
    `prod/a can be captured only by creating something:
  ephemeral: adds a debug container to the pod; it stops by itself, its entry stays in the pod's spec
Allow it for the whole capture?`,
  ])
})

test('a no holds for the whole capture, also for a route that was not in the question', async () => {
  const person = makePerson(false)
  const consent = makeConsent([], person.ask)
  expect(await consent.mayCreate('prod/a', ['ephemeral'])).toEqual(none)
  expect(await consent.mayCreate('node/worker-1', ['node-pod'])).toEqual(none)
  expect([person.questions.length, consent.given.size]).toEqual([1, 0])
})

test('a yes does not hold for a route that was not in the question', async () => {
  let decide = () => {}
  const person = makePerson(true, () => new Promise((resolve) => (decide = resolve)))
  const consent = makeConsent([], person.ask)
  const first = consent.mayCreate('prod/a', ['ephemeral'])
  await nextTurn()
  expect(person.questions.length).toBe(1)
  const second = consent.mayCreate('node/worker-1', ['node-pod'])
  decide()
  expect(await second).toEqual(none)
  expect(await first).toEqual(new Set(['ephemeral']))
  expect(person.questions.length).toBe(1)
})

test('the question waits for the targets that may need consent too, and counts those that do', async () => {
  const person = makePerson(true)
  const consent = makeConsent([], person.ask)
  for (const place of ['prod/a', 'prod/b', 'prod/captured']) consent.expect(place)
  const first = consent.mayCreate('prod/a', ['ephemeral'])
  await vi.advanceTimersByTimeAsync(1_000)
  const second = consent.mayCreate('prod/b', ['ephemeral'])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(person.questions).toEqual([])
  consent.release('prod/captured')
  await Promise.all([first, second])
  expect(person.questions).toEqual([expect.stringContaining('2 targets (prod/a, prod/b) can be captured only by')])
})

test('a target that takes long holds the question up for 3 s', async () => {
  const person = makePerson(true)
  const consent = makeConsent([], person.ask)
  consent.expect('prod/slow')
  const answer = consent.mayCreate('prod/a', ['ephemeral'])
  await vi.advanceTimersByTimeAsync(2_999)
  expect(person.questions).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(await answer).toEqual(new Set(['ephemeral']))
})

test('a person who has allowed a route before is not asked', async () => {
  const person = makePerson(false)
  const consent = makeConsent(['node-pod'], person.ask)
  expect(await consent.mayCreate('node/worker-1', ['node-pod'])).toEqual(new Set(['node-pod']))
  expect(person.questions).toEqual([])
})

test('nothing is created where nobody can be asked', async () => {
  expect(await makeConsent(['node-pod'], undefined).mayCreate('prod/a', both)).toEqual(new Set(['node-pod']))
})
