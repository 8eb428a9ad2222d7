import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { makePrivateFolder, sweepPrivateFolders } from '../../src/host/private-folder.ts'
import { hasEnded, markProcess } from '../../src/host/process-mark.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const top = await makeTempFolder()
let count = 0

function makeEnvironment() {
  const home = path.join(top, String(count++))
  const runtime = path.join(home, 'runtime')
  mkdirSync(runtime, { recursive: true, mode: 0o700 })
  return { HOME: home, XDG_RUNTIME_DIR: runtime, XDG_CACHE_HOME: path.join(home, 'cache') }
}

/** The mark of a process that has ended. */
async function makeEndedMark(): Promise<string> {
  const child = spawn('true')
  await once(child, 'exit')
  const [machine = ''] = markProcess().split('.')
  return `${machine}.${child.pid}.1`
}

test('a private folder is in XDG_RUNTIME_DIR, and only this user can enter it', () => {
  const environment = makeEnvironment()
  const folder = makePrivateFolder('ask', { environment })
  expect(path.dirname(folder)).toBe(path.join(environment.XDG_RUNTIME_DIR, 'kcap'))
  expect(statSync(folder).mode & 0o777).toBe(0o700)
})

test.each([
  ['is not set', () => ({ XDG_RUNTIME_DIR: undefined })],
  ['is relative', () => ({ XDG_RUNTIME_DIR: 'run' })],
  [
    'is one that others can write to',
    (runtime: string) => {
      chmodSync(runtime, 0o777)
      return {}
    },
  ],
  [
    'is a link',
    (runtime: string) => {
      renameSync(runtime, `${runtime}-real`)
      symlinkSync(`${runtime}-real`, runtime)
      return {}
    },
  ],
])('where XDG_RUNTIME_DIR %s, a private folder is in the cache', (_case, change) => {
  const plain = makeEnvironment()
  const environment = { ...plain, ...change(plain.XDG_RUNTIME_DIR) }
  const folder = makePrivateFolder('ask', { environment })
  expect(path.dirname(folder)).toBe(path.join(environment.XDG_CACHE_HOME, 'kcap', 'run'))
})

test('where this user can write nowhere else, a private folder has a random name in the temporary folder', () => {
  const folder = makePrivateFolder('ask', { environment: { XDG_CACHE_HOME: '/dev/null', HOME: '/dev/null' } })
  afterThisTest.add(() => rmSync(folder, { recursive: true }))
  expect(folder).toMatch(new RegExp(`^${tmpdir()}/kcap-\\w{6}$`))
  expect(statSync(folder).mode & 0o777).toBe(0o700)
})

test('a folder for a socket has a path short enough for the socket', () => {
  const environment = { ...makeEnvironment(), XDG_RUNTIME_DIR: undefined }
  const long = { ...environment, XDG_CACHE_HOME: path.join(top, 'x'.repeat(90)) }
  const folder = makePrivateFolder('ask', { environment: long, holdsSocket: true })
  afterThisTest.add(() => rmSync(folder, { recursive: true }))
  expect(path.dirname(folder)).toBe(tmpdir())
  expect(makePrivateFolder('ask', { environment: long })).toContain(long.XDG_CACHE_HOME)
})

test('the next process removes the leftovers of a killed one, but no folder in use, foreign folder or link', async () => {
  const environment = makeEnvironment()
  const used = makePrivateFolder('ask', { environment })
  const base = path.dirname(used)
  const ended = await makeEndedMark()
  const abandoned = path.join(base, `demo.${ended}.abcdef`)
  mkdirSync(path.join(abandoned, 'inside'), { recursive: true })
  writeFileSync(path.join(abandoned, 'kubeconfig'), 'secret')
  const treasure = path.join(environment.HOME, 'treasure')
  mkdirSync(treasure)
  writeFileSync(path.join(treasure, 'gold'), 'x')
  symlinkSync(treasure, path.join(abandoned, 'link'))
  const link = path.join(base, `ask.${ended}.linked`)
  symlinkSync(treasure, link)
  const otherMachine = path.join(base, 'ask.00000000.1.1.abcdef')
  const oldOtherMachine = path.join(base, 'ask.00000000.2.1.abcdef')
  const stranger = path.join(base, 'photos')
  for (const folder of [otherMachine, oldOtherMachine, stranger]) mkdirSync(folder)
  utimesSync(oldOtherMachine, 1, 1)
  sweepPrivateFolders(environment)
  expect([abandoned, oldOtherMachine].map(existsSync)).toEqual([false, false])
  expect([used, otherMachine, stranger, path.join(treasure, 'gold')].map(existsSync)).toEqual([true, true, true, true])
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
})

test('kcap never removes anything in the temporary folder, whatever its name', async () => {
  const planted = path.join(tmpdir(), `kcap-ask-${process.pid}`)
  const marked = path.join(tmpdir(), `ask.${await makeEndedMark()}.abcdef`)
  for (const folder of [planted, marked]) {
    mkdirSync(folder)
    afterThisTest.add(() => rmSync(folder, { recursive: true }))
  }
  makePrivateFolder('ask', { environment: makeEnvironment() })
  expect([planted, marked].map(existsSync)).toEqual([true, true])
})

test('a process mark distinguishes a later process with the same PID and does not judge other machines', async () => {
  const mark = markProcess()
  const [machine = '', pid = '', started = ''] = mark.split('.')
  expect(hasEnded(mark)).toBe(false)
  if (process.platform === 'linux') expect(hasEnded(`${machine}.${pid}.${Number(started) - 1}`)).toBe(true)
  expect(hasEnded(await makeEndedMark())).toBe(true)
  expect(hasEnded(`00000000.${pid}.${started}`)).toBe(undefined)
})
