import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { cleanUpCaptures, noteCapture } from '../../src/extcap/capture-state.ts'
import { runKcap, startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const top = await makeTempFolder()
const environment = { XDG_CACHE_HOME: top }
const notes = path.join(top, 'kcap', 'captures')

test('a capture is noted while it runs, and not after', () => {
  const forget = noteCapture(['/tmp/kcap-demo-x'], environment)
  expect(readdirSync(notes)).toEqual([String(process.pid)])
  expect(statSync(path.join(notes, String(process.pid))).mode & 0o777).toBe(0o600)
  cleanUpCaptures(environment)
  expect(readdirSync(notes).length).toBe(1)
  forget()
  expect(readdirSync(notes)).toEqual([])
})

test('what a killed capture left is removed when Wireshark asks for it, without a word', async () => {
  const temporary = path.join(top, 'tmp')
  mkdirSync(temporary)
  const fifo = path.join(top, 'out.pcap')
  const capture = startKcap(['--capture', '--extcap-interface', 'kcapdemo', '--fifo', fifo], {
    ...environment,
    TMPDIR: temporary,
  })
  for (let i = 0; i < 200 && !(existsSync(notes) && readdirSync(notes).length > 0 && existsSync(fifo)); i++)
    await sleep(50)
  capture.child.kill('SIGKILL')
  await capture.ended
  expect(readdirSync(temporary).length).toBe(1)
  const { code, stdout, stderr } = await runKcap(['--extcap-cleanup-postkill'], { ...environment, TMPDIR: temporary })
  expect([code, stdout.toString(), stderr]).toEqual([0, '', ''])
  expect([readdirSync(temporary), readdirSync(notes)]).toEqual([[], []])
})

test('a note removes nothing but temporary folders of kcap', async () => {
  const child = spawn('true')
  await new Promise((resolve) => child.once('exit', resolve))
  const own = mkdtempSync(path.join(tmpdir(), 'kcap-note-'))
  const foreign = mkdtempSync(path.join(tmpdir(), 'other-'))
  const link = path.join(tmpdir(), `kcap-link-${process.pid}`)
  symlinkSync(foreign, link)
  mkdirSync(path.join(top, 'kcap-inside'))
  mkdirSync(notes, { recursive: true })
  const folders = [
    own,
    foreign,
    link,
    path.join(top, 'kcap-inside'),
    `${tmpdir()}/kcap-x/../${path.basename(foreign)}`,
    '/',
    3,
  ]
  writeFileSync(path.join(notes, String(child.pid)), JSON.stringify(folders), { mode: 0o600 })
  writeFileSync(path.join(notes, 'no-number'), '')
  cleanUpCaptures(environment)
  expect([own, foreign, link, path.join(top, 'kcap-inside')].map((file) => existsSync(file))).toEqual([
    false,
    true,
    true,
    true,
  ])
  expect(readdirSync(notes)).toEqual(['no-number'])
  for (const left of [foreign, link]) rmSync(left, { recursive: true })
})
