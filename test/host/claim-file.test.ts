import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { claimFile } from '../../src/host/claim-file.ts'
import { markProcess } from '../../src/host/process-mark.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const home = await makeTempFolder()
const environment = { HOME: home, XDG_CACHE_HOME: path.join(home, 'cache') }
const claims = path.join(home, 'cache', 'kcap', 'run')
const file = path.join(home, 'capture.pcapng')
writeFileSync(file, '')
const status = statSync(file)
const claimOf = (mark: string, { dev, ino } = status) => path.join(claims, `write-${dev}-${ino}.${mark}.0`)

test('a claim lasts until its end, and leaves no file', () => {
  const end = claimFile(status, environment)
  expect(readdirSync(claims)).toHaveLength(1)
  end?.()
  expect(readdirSync(claims)).toEqual([])
})

test('a file that a running process has claimed is refused; another file is not', () => {
  const mark = markProcess().replace(/\.\d+\.(\d+)$/, `.${process.ppid}.0`)
  mkdirSync(claims, { recursive: true })
  writeFileSync(claimOf(mark), '')
  expect(claimFile(status, environment)).toBe(undefined)
  expect(readdirSync(claims)).toEqual([path.basename(claimOf(mark))])
  const end = claimFile({ ...status, ino: status.ino + 1 }, environment)
  expect(end).toBeTypeOf('function')
  end?.()
})

test('the claim of a killed process, or of an earlier boot, does not count', async () => {
  const child = spawn('true')
  await once(child, 'exit')
  const [machine] = markProcess().split('.')
  writeFileSync(claimOf(`${machine}.${child.pid}.1`, { ...status, ino: status.ino + 5 }), '')
  writeFileSync(claimOf('00000000.1.1', { ...status, ino: status.ino + 5 }), '')
  const end = claimFile({ ...status, ino: status.ino + 5 }, environment)
  expect(end).toBeTypeOf('function')
  end?.()
  expect(readdirSync(claims).some((name) => name.includes(`${machine}.${child.pid}.`))).toBe(false)
})

test('where no claim can be stored, a file needs none', () => {
  expect(claimFile(status, { HOME: '/dev/null', XDG_CACHE_HOME: '/dev/null' })).toBeTypeOf('function')
})
