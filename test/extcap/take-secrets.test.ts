import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { formatConfig } from '../../src/extcap/config.ts'
import { secretArguments, takeSecrets } from '../../src/extcap/take-secrets.ts'
import { programPath, startKcap } from '../support/run-kcap.ts'

afterEach(() => {
  for (const { variable } of secretArguments) delete process.env[variable]
})

describe('secrets of the dialog', () => {
  test('are passwords of hosts and the link of a shared capture, as values that Wireshark does not store', () => {
    const dialog = (name: string) => formatConfig(['--extcap-config', '--extcap-interface', name])
    const hostSecrets = ['--ssh-password', '--sudo-password']
    for (const [name, secrets] of [
      ['kcapssh', hostSecrets],
      ['kcapssh-bastion', hostSecrets],
      ['kcapshared', ['--link']],
    ] as const) {
      const lines = dialog(name).split('\n')
      const asked = lines.filter((line) => line.includes('{type=password}'))
      expect(asked.map((line) => /\{call=(\S+?)\}/.exec(line)?.[1])).toEqual(secrets)
      expect(asked.every((line) => line.includes('{save=false}'))).toBe(true)
      const numbers = lines.flatMap((line) => /^arg \{number=(\d+)\}/.exec(line)?.[1] ?? [])
      expect(new Set(numbers).size).toBe(numbers.length)
    }
    expect(dialog('kcapdemo')).not.toContain('password')
  })

  test.each([
    [['--capture', '--ssh-password', 'a b', '--fifo', 'f'], ['--capture', '--fifo', 'f'], 'a b', undefined],
    [['--ssh-password=x=y', '--sudo-password=--z'], [], 'x=y', '--z'],
    [['--ssh-password', '', '--sudo-password', 'z'], [], undefined, 'z'],
    [['--capture', '--fifo', ''], ['--capture', '--fifo', ''], undefined, undefined],
    [['--ssh-password'], [], undefined, undefined],
  ])('are removed from the arguments %j', (argv, rest, ssh, sudo) => {
    expect(takeSecrets(argv)).toEqual(rest)
    expect([process.env.KCAP_SSH_PASSWORD, process.env.KCAP_SUDO_PASSWORD]).toEqual([ssh, sudo])
  })

  test('a link is removed from the arguments too', () => {
    expect(takeSecrets(['--capture', '--link', 'kcaps://h:1/t', '--fifo', 'f'])).toEqual(['--capture', '--fifo', 'f'])
    expect(process.env.KCAP_LINK).toBe('kcaps://h:1/t')
  })

  test.runIf(process.platform === 'linux')('are absent from the arguments that others see', async () => {
    const words = ['--capture', '--extcap-interface', 'kcapssh', '--ssh-password', 's3cret', '--fifo', '/dev/null']
    const { child, ended } = startKcap([
      ...words,
      '--ssh-host',
      '127.0.0.1',
      '--ssh-port',
      '1',
      '--ssh-config',
      '/dev/zero',
    ])
    try {
      await expect.poll(() => readFile(`/proc/${child.pid}/cmdline`, 'utf8')).not.toContain('s3cret')
    } finally {
      child.kill('SIGKILL')
      await ended
    }
  })

  test('are no options of the command line', async () => {
    const failure = await promisify(execFile)(process.execPath, [programPath, '--ssh-password', 'x', 'ssh://h']).catch(
      (error: { code: number; stderr: string }) => error,
    )
    expect(failure).toMatchObject({ code: 2, stderr: expect.stringContaining('--ssh-password') })
  })
})
