import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { linkSignals } from '../../src/base/link-signals.ts'

test('a linked signal aborts with the first of its signals, for the same reason', () => {
  const [first, second] = [new AbortController(), new AbortController()]
  const { signal } = linkSignals(first.signal, second.signal)
  expect(signal.aborted).toBe(false)
  const reason = new Error('stopped')
  second.abort(reason)
  first.abort()
  expect(signal.reason).toBe(reason)
})

test('a linked signal is aborted at once if one of its signals already is', () => {
  const reason = new Error('too late')
  expect(linkSignals(new AbortController().signal, AbortSignal.abort(reason)).signal.reason).toBe(reason)
})

test('an unlinked signal follows no other signal and leaves no listener on signals that live on', () => {
  const lasting = new AbortController()
  const { signal, unlink } = linkSignals(lasting.signal)
  unlink()
  expect(getEventListeners(lasting.signal, 'abort')).toEqual([])
  lasting.abort()
  expect(signal.aborted).toBe(false)
})

test('many jobs can link to one signal at a time without a warning', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  const lasting = new AbortController()
  for (let i = 0; i < 100; i++) linkSignals(lasting.signal)
  await setImmediate()
  process.off('warning', note)
  expect(warnings).toEqual([])
})
