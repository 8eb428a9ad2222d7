import { chmodSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openLogFile } from '../../src/host/log-file.ts'
import { isPlanted } from '../../src/host/planted-file.ts'
import { failureOf } from '../support/failure.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()

test('a log has a line with the time for each event, whatever its text, and is for this user alone', async () => {
  const file = path.join(folder, 'kcap.log')
  const write = await openLogFile(file)
  write('one')
  write('two\nthree')
  write('three', { level: 'debug' })
  write('four', { level: 'warn', component: 'kube', status: 503, target: 'shop/\x9b31mweb' })
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const entries = lines.map((line) => JSON.parse(line) as { time: string; level: string; msg: string })
  expect(entries.map(({ level, msg }) => [level, msg])).toEqual([
    ['info', 'one'],
    ['info', expect.stringMatching(/^two\S+three$/)],
    ['warn', 'four'],
  ])
  expect(entries.map(({ time }) => Number.isNaN(Date.parse(time)))).toEqual([false, false, false])
  expect(entries[2]).toMatchObject({ component: 'kube', status: 503, target: expect.not.stringContaining('\x9b') })
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('a log of the level debug has all entries, and no secret', async () => {
  const file = path.join(folder, 'debug.log')
  const write = await openLogFile(file, 'debug')
  write('one', { level: 'debug', token: 'geheim', headers: { authorization: 'geheim' } } as object)
  expect(readFileSync(file, 'utf8')).toContain('"one"')
  expect(readFileSync(file, 'utf8')).not.toContain('geheim')
})

test('a log continues in the opened file, whatever takes its name later', async () => {
  const file = path.join(folder, 'moved.log')
  const write = await openLogFile(file)
  const victim = path.join(folder, 'victim')
  writeFileSync(victim, 'mine')
  linkSync(file, `${file}.1`)
  write('one')
  expect(readFileSync(`${file}.1`, 'utf8')).toContain('one')
  expect(readFileSync(victim, 'utf8')).toBe('mine')
})

test('a log that cannot be written, or has a second hard link, is an error at once', async () => {
  const victim = path.join(folder, 'bashrc')
  writeFileSync(victim, 'mine')
  const second = path.join(folder, 'second.log')
  linkSync(victim, second)
  for (const [file, state] of [
    [path.join(folder, 'no', 'x.log'), /^cannot write the log "\S+no\/x.log": ENOENT/],
    [second, /^cannot write the log "\S+second.log": it has another name too$/],
  ] as const) {
    const error = await failureOf(openLogFile(file))
    expect([error.code, error.exitCode]).toEqual(['output-not-writable', 7])
    expect(error.message).toMatch(state)
    expect(error.hints).toEqual([`ls -l ${file}`, '--log-file OTHER-NAME'])
  }
  expect(readFileSync(victim, 'utf8')).toBe('mine')
})

test("a log follows a user's own link, but not one that somebody else planted", async () => {
  const shared = path.join(folder, 'shared')
  mkdirSync(shared)
  chmodSync(shared, 0o1777)
  const link = path.join(shared, 'link.log')
  symlinkSync(path.join(folder, 'target.log'), link)
  expect([isPlanted(link), isPlanted(path.join(shared, 'none')), isPlanted(shared)]).toEqual([false, false, false])
  const write = await openLogFile(link)
  write('x')
  expect(readFileSync(path.join(folder, 'target.log'), 'utf8')).toContain('x')
})
