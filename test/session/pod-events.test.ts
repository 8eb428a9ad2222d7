import { expect, test } from 'vitest'
import type { PodSetName, PodTarget } from '../../src/base/target.ts'
import { makePodEvents } from '../../src/session/pod-events.ts'
import { makeFakeClock } from '../support/fake-clock.ts'
import { makePodTarget } from '../support/pod-target.ts'

const name: PodSetName = { kind: 'service', service: 'web' }
const pod = makePodTarget()
const change = (pods: readonly PodTarget[], gone: readonly string[] = []) => ({
  pods: new Map(pods.map((one) => [one.uid, one])),
  running: pods,
  gone,
})

function open() {
  const clock = makeFakeClock()
  return { clock, events: makePodEvents(() => true, clock) }
}

test('a pod has ended when its container was restarted, or when it is gone', () => {
  const { events } = open()
  events.update(name, change([pod]))
  expect(events.hasEnded(pod)).toBe(false)
  events.update(name, change([{ ...pod, containerId: 'c-2' }]))
  expect(events.hasEnded(pod)).toBe(true)
  events.update(name, change([], [pod.uid]))
  expect(events.hasEnded({ ...pod, containerId: 'c-2' })).toBe(true)
})

test('nothing is known of a pod before the first list of its name', () => {
  const { events } = open()
  events.expect(name)
  events.noteStarted(pod)
  expect([events.isFollowed(pod), events.hasEnded(pod)]).toEqual([true, false])
})

test('a pod that another name still matches is not gone', () => {
  const { events } = open()
  const other: PodSetName = { kind: 'service', service: 'api' }
  events.update(name, change([pod]))
  events.update(other, change([pod]))
  expect(events.update(name, change([], [pod.uid]))).toEqual([])
  expect(events.hasEnded(pod)).toBe(false)
  expect(events.update(other, change([], [pod.uid]))).toEqual([pod.uid])
})

test('a pod was followed even after its name is forgotten', () => {
  const { events } = open()
  events.update(name, change([pod]))
  events.forget(name)
  expect([events.isFollowed(pod), events.wasFollowed(pod)]).toEqual([false, true])
})

test('the wait for the end of a pod is over with the event, or 3 s later, or 12 s where the end is likely', async () => {
  const { clock, events } = open()
  events.update(name, change([pod]))
  const answers: [string, boolean][] = []
  const ask = (what: string, isLikely: boolean) =>
    void events
      .willHaveEnded(pod, new AbortController().signal, isLikely)
      .then((hasEnded) => answers.push([what, hasEnded]))
  ask('usual', false)
  ask('likely', true)
  await clock.advance(2_999)
  expect(answers).toEqual([])
  await clock.advance(1)
  expect(answers).toEqual([['usual', false]])
  events.update(name, change([], [pod.uid]))
  await clock.advance(0)
  expect(answers.at(-1)).toEqual(['likely', true])
})
