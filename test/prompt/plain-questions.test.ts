import { expect, test } from 'vitest'
import type { Question } from '../../src/prompt/ask-person.ts'
import { makeConfirmQuestion, makeSecretQuestion } from '../../src/prompt/plain-questions.ts'

const size = { columns: 80, rows: 24 }
const names: Readonly<Record<string, string>> = { '\r': 'return', '\n': 'enter', '\x7f': 'backspace', '\t': 'tab' }
function type<Answer>(question: Question<Answer>, text: string) {
  return [...text].map((char) => question.press({ text: char, name: names[char], hasCtrl: false })).at(-1)
}

test.each([
  ['s3cret\r', 's3cret'],
  ['s3cret\n', 's3cret'],
  ['pass wörd 😀\r', 'pass wörd 😀'],
  ['wrong😀\x7f\x7f\x7f\x7f\x7f\x7fright\r', 'right'],
  ['a\tb\r', 'ab'],
  ['\r', ''],
])('typing %j enters the secret %j, and nothing of it is shown', (typed, secret) => {
  const question = makeSecretQuestion('password of ann@host')
  expect(type(question, typed)).toEqual({ answer: secret })
  expect(question.draw(false, size)).toBe('? password of ann@host')
})

test('Ctrl-U and Ctrl-W remove typed characters of a secret', () => {
  const question = makeSecretQuestion('passphrase')
  type(question, 'one two')
  question.press({ text: '\x17', name: 'w', hasCtrl: true })
  expect(type(question, 'three\r')).toEqual({ answer: 'one three' })
  question.press({ text: '\x15', name: 'u', hasCtrl: true })
  expect(type(question, 'four\r')).toEqual({ answer: 'four' })
})

test.each([
  ['y', true],
  ['Y', true],
  ['n', false],
  ['\r', false],
  ['xy', true],
])('the keys %j answer a question for consent with %s', (keys, answer) => {
  const question = makeConfirmQuestion('Allow it?')
  expect(question.draw(true, size)).toBe('? Allow it? (y/N)')
  expect(type(question, keys)).toEqual({ answer })
  expect(question.draw(false, size)).toBe(`? Allow it? ${answer ? 'yes' : 'no'}`)
})
