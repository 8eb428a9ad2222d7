import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { makeProbeArgv, parseProbe } from '../../src/remote/probe-script.ts'
import { distinctShells } from '../support/shells.ts'

describe.each(distinctShells)('the probe script in %s', (...shell) => {
  test('reports programs, user, rights, machine and clock', () => {
    const [program = '', ...words] = shell
    const [, ...argv] = makeProbeArgv()
    const text = execFileSync(program, [...words, ...argv], { encoding: 'utf8' })
    const facts = parseProbe(text)
    expect(facts.programs).toEqual(expect.arrayContaining(['head', 'sleep', 'timeout']))
    expect(facts.userId).toBe(process.getuid?.())
    expect(typeof facts.mayCapture).toBe('boolean')
    expect(facts.machine).toBe(execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim())
    // Not every busybox has a date that knows parts of seconds.
    if (program !== 'busybox' || facts.timeMs !== undefined)
      expect(Math.abs((facts.timeMs ?? 0) - Date.now())).toBeLessThan(30_000)
  })
})

test.each([
  ['00000000a80425fb', true],
  ['000001ffffffffff', true],
  ['0000000000000000', false],
  ['00000000a80405fb', false],
])('with the capabilities %s, the container may capture: %s', (capabilities, mayCapture) => {
  expect(parseProbe(`capabilities ${capabilities}\n`).mayCapture).toBe(mayCapture)
})

test('a report omits facts that the container cannot know', () => {
  const text = [
    'program rm -rf /',
    'program tcpdump',
    'program evil\u001b[2J',
    'user root',
    'capabilities zz',
    'machine \u001b[31m',
    'time 1764000000.N',
  ]
  expect(parseProbe(text.join('\n'))).toMatchObject({
    programs: ['tcpdump'],
    userId: undefined,
    mayCapture: undefined,
    machine: undefined,
    timeMs: undefined,
  })
})
