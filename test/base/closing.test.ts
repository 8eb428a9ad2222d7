import { expect, test } from 'vitest'
import { makeClosing } from '../../src/base/closing.ts'

test('makeClosing closes in reverse order, one after the other, continues after failures, and reports each failure', async () => {
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
