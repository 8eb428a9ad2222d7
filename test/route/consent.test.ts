import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { makeConsent } from '../../src/route/consent.ts'

/** A person who takes a moment for each question. */
function makePerson(answer: (question: string) => boolean) {
  const questions: string[] = []
  let [open, mostOpen] = [0, 0]
  return {
    questions,
    mostOpen: () => mostOpen,
    async ask(question: string) {
      questions.push(question)
      mostOpen = Math.max(mostOpen, ++open)
      await sleep(10)
      open--
      return answer(question)
    },
  }
}

test('for many targets a person is asked once, and the answer holds for all', async () => {
  const person = makePerson(() => true)
  const consent = makeConsent([], person.ask)
  const places = ['prod/a', 'prod/b', 'prod/c', 'prod/d']
  expect(await Promise.all(places.map((place) => consent.mayCreate('ephemeral', place)))).toEqual(
    places.map(() => true),
  )
  expect(await consent.mayCreate('ephemeral', 'prod/later')).toBe(true)
  expect(person.questions).toEqual([
    "prod/a can be captured via ephemeral: a debug container joins the pod; it ends by itself, its name stays in the pod's spec. Do it?",
  ])
  expect([...consent.given]).toEqual(['ephemeral'])
})

test('a no holds for all targets too, and is no answer for another way', async () => {
  const person = makePerson((question) => question.includes('node-pod'))
  const consent = makeConsent([], person.ask)
  expect(await consent.mayCreate('ephemeral', 'prod/a')).toBe(false)
  expect(await consent.mayCreate('ephemeral', 'prod/b')).toBe(false)
  expect(await consent.mayCreate('node-pod', 'prod/b')).toBe(true)
  expect(person.questions.length).toBe(2)
  expect([...consent.given]).toEqual(['node-pod'])
})

test('one question is answered before the next is asked', async () => {
  const person = makePerson(() => true)
  const consent = makeConsent([], person.ask)
  await Promise.all([
    consent.mayCreate('ephemeral', 'prod/a'),
    consent.mayCreate('node-pod', 'prod/b'),
    consent.mayCreate('ephemeral', 'prod/c'),
    consent.mayCreate('node-pod', 'prod/d'),
  ])
  expect([person.questions.length, person.mostOpen()]).toEqual([2, 1])
})

test('who has allowed it before is not asked', async () => {
  const person = makePerson(() => false)
  expect(await makeConsent(['node-pod'], person.ask).mayCreate('node-pod', 'node/worker-1')).toBe(true)
  expect(person.questions).toEqual([])
})

test('where nobody can be asked nothing is created', async () => {
  const consent = makeConsent(['node-pod'], undefined)
  expect(await consent.mayCreate('ephemeral', 'prod/a')).toBe(false)
  expect(await consent.mayCreate('node-pod', 'prod/a')).toBe(true)
})
