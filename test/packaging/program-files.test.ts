import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const chunks = readdirSync('dist/chunks').map((name) => readFileSync(path.join('dist/chunks', name), 'utf8'))

test("the program's errors have one class, in its own file and in the chunks that it loads", () => {
  const definition = 'this.name="KcapError"'
  expect(readFileSync('dist/program.cjs', 'utf8').split(definition)).toHaveLength(2)
  expect(chunks.filter((text) => text.includes(definition)).length).toBe(0)
})
