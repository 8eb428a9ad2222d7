import { expect, test } from 'vitest'
import { makeClosing } from '../../src/base/closing.ts'

test('what was opened last is closed first, one after the other, whatever fails, and each failure is reported', async () => {
  const done: string[] = []
  const errors: string[] = []
  const closing = makeClosing((error) => errors.push((error as Error).message))
  closing.add(() => void done.push('first'))
  closing.add(() => {
    throw new Error('second')
  })
  closing.add(async () => {
    await new Promise((resolve) => setImmediate(resolve))
    done.push('third')
    throw new Error('third')
  })
  await closing.close()
  expect([done, errors]).toEqual([
    ['third', 'first'],
    ['third', 'second'],
  ])
  await closing.close()
  expect(done).toHaveLength(2)
})
