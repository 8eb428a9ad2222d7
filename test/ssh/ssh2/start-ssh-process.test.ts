import { describe, expect, test, vi } from 'vitest'
import { afterThisTest } from '../../support/cleanups.ts'
import {
  collect,
  failureOf,
  noSignal,
  openConnection,
  openHome,
  openServer,
  readAll,
} from '../../support/ssh-fixture.ts'
import { makeKeyPair, type SshServerOptions } from '../../support/ssh-server.ts'

const pair = makeKeyPair()

async function openAccount(more: Partial<SshServerOptions> = {}) {
  const server = await openServer({ users: { ann: { keys: [pair.public] } }, ...more })
  const home = openHome(server.knownHosts)
  home.write('id_ed25519', pair.private)
  const connection = await openConnection(home.host(server.port))
  return { server, connection, start: (line: string) => connection.startProcess(line, noSignal()) }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('the end of a program over ssh2', () => {
  test.each([
    ['exit 0', 0],
    ['exit 3', 3],
    ['exit 255', 255],
    ['kill -9 $$', 137],
    ['kill -15 $$', 143],
  ])('by %s is the exit code %i', async (line, code) => {
    const { start } = await openAccount()
    for (let round = 0; round < 5; round++)
      expect((await collect(await start(line))).exit).toEqual({ kind: 'exited', code })
  })

  test('comes after both outputs have ended', async () => {
    const { start } = await openAccount()
    const program = await start('echo out; echo err >&2')
    let ended = false
    void program.exited.then(() => {
      ended = true
    })
    await pause(100)
    expect(ended).toBe(false)
    expect(await readAll(program.stdout)).toBe('out\n')
    expect(ended).toBe(false)
    expect(await readAll(program.stderr)).toBe('err\n')
    expect(await program.exited).toEqual({ kind: 'exited', code: 0 })
  })

  test('without an exit status is a loss', async () => {
    const { start, connection } = await openAccount()
    const program = await start('sleep 60')
    program.kill()
    const label = `ssh://ann@127.0.0.1:${connection.host.port}`
    expect(await program.exited).toMatchObject({
      kind: 'lost',
      error: { code: 'connection-lost', message: `cannot continue with "${label}": kcap ended the program itself` },
    })
  })
})

describe('standard input over ssh2', () => {
  test('reaches the program, and so does its end', async () => {
    const { start } = await openAccount()
    const program = await start('cat; echo end')
    program.stdin.write('one\n')
    program.stdin.end('two\n')
    expect((await collect(program)).stdout).toBe('one\ntwo\nend\n')
  })

  test('carries more than a window', async () => {
    const { start } = await openAccount()
    const program = await start('wc -c')
    program.stdin.end(Buffer.alloc(5_000_000))
    expect((await collect(program)).stdout.trim()).toBe('5000000')
  })

  test('drops writes after its end and after the program, and truncates no output', async () => {
    const { start } = await openAccount()
    const program = await start('cat >/dev/null; head -c 3000000 /dev/zero')
    program.stdin.end()
    program.stdin.write('late')
    const { stdout, exit } = await collect(program)
    expect(stdout).toHaveLength(3_000_000)
    expect(exit).toEqual({ kind: 'exited', code: 0 })
    for (let beat = 0; beat < 3; beat++) program.stdin.write('.')
    await pause(10)
    expect(program.stdin.writableLength).toBe(0)
  })

  test('accepts heartbeats after the program without storing them', async () => {
    const { start } = await openAccount()
    const program = await start('exec true')
    await collect(program)
    program.stdin.write('.')
    await pause(10)
    expect(program.stdin.writableLength).toBe(0)
  })
})

describe('a slow reader over ssh2', () => {
  // ssh2 grants 2 MiB, and once more what came in until 1 MiB was left; the last packet before may be whole.
  const mostBuffered = 3 * 2 ** 20 + 2 ** 15

  test('stops the program, and loses nothing', async () => {
    const { start } = await openAccount()
    const program = await start('head -c 30000000 /dev/zero; echo done >&2')
    const report = readAll(program.stderr)
    let done = false
    void report.then(() => {
      done = true
    })
    await pause(300)
    expect(done).toBe(false)
    expect(program.stdout.readableLength).toBeLessThanOrEqual(mostBuffered)
    expect((await readAll(program.stdout)).length).toBe(30_000_000)
    expect(await report).toBe('done\n')
  })

  test('gets no more than a window from a program that also reports on stderr', async () => {
    const { start } = await openAccount()
    const program = await start(
      'head -c 2500000 /dev/zero; sleep 0.1; echo report >&2; sleep 0.1; head -c 9000000 /dev/zero',
    )
    const report = readAll(program.stderr)
    await vi.waitFor(() => expect(program.stdout.readableLength).toBeGreaterThan(2_500_000), { timeout: 10_000 })
    await pause(300)
    expect(program.stdout.readableLength).toBeLessThanOrEqual(mostBuffered)
    expect((await readAll(program.stdout)).length).toBe(11_500_000)
    expect(await report).toBe('report\n')
  })
})

describe('kill() of a program over ssh2', () => {
  test('ends both outputs at once, read or not, and keeps the connection', async () => {
    const { start } = await openAccount()
    for (const line of ['sleep 60', 'cat /dev/zero', 'cat /dev/zero >&2']) {
      const program = await start(line)
      await pause(50)
      program.kill()
      program.kill()
      expect((await program.exited).kind).toBe('lost')
    }
    expect((await collect(await start('echo still here'))).stdout).toBe('still here\n')
  })

  test('lets a reader reach its end', async () => {
    const { start } = await openAccount()
    const program = await start('cat /dev/zero')
    let bytes = 0
    for await (const chunk of program.stdout) {
      bytes += chunk.length
      if (bytes > 1_000_000) program.kill()
    }
    program.stderr.resume()
    expect((await program.exited).kind).toBe('lost')
  })
})

describe('a program that cannot start over ssh2', () => {
  test('is an error that says so', async () => {
    const { start, connection } = await openAccount({ refuseExec: true })
    await expect(start('true')).rejects.toMatchObject({
      code: 'ssh-failed',
      message: `cannot start a program on "ssh://ann@127.0.0.1:${connection.host.port}": Unable to exec`,
      hints: ['the account may be limited to a fixed command or to file transfer'],
      exitCode: 4,
    })
  })

  test('after the connection was closed is lost', async () => {
    const { start, connection } = await openAccount()
    await connection.close()
    await expect(start('true')).rejects.toMatchObject({ code: 'connection-lost', exitCode: 1 })
  })

  test('does not start when its signal is aborted', async () => {
    const { connection, server } = await openAccount()
    await expect(connection.startProcess('true', AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
    const abort = new AbortController()
    const attempt = connection.startProcess('sleep 60', abort.signal)
    abort.abort(new Error('stopped'))
    await expect(attempt).rejects.toThrow('stopped')
    expect(server.commands).not.toContain('true')
  })
})

describe('a hostile host', () => {
  test("that never answers is 'ssh-timeout' after 30 s", async () => {
    const { server, start } = await openAccount({ ignoresExec: true })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    afterThisTest.add(() => vi.useRealTimers())
    const failing = failureOf(start('true'))
    await vi.advanceTimersByTimeAsync(30_000)
    const error = await failing
    expect([error.code, error.exitCode, error.message]).toEqual([
      'ssh-timeout',
      4,
      `cannot connect to "ssh://ann@127.0.0.1:${server.port}": it has not started the program within 30 s`,
    ])
  })

  test('that leaves the channel of an ended program open times out 15 s after its last byte', async () => {
    const { start } = await openAccount({ leavesChannelsOpen: true })
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    afterThisTest.add(() => vi.useRealTimers())
    const program = await start('echo out; exit 3')
    let isOver = false
    const all = collect(program).finally(() => {
      isOver = true
    })
    await pause(300)
    await vi.advanceTimersByTimeAsync(14_000)
    await pause(50)
    expect(isOver).toBe(false)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await all).toEqual({ stdout: 'out\n', stderr: '', exit: { kind: 'exited', code: 3 } })
  })

  test('does not end a program early whose output nobody has read yet', async () => {
    const { start } = await openAccount({ leavesChannelsOpen: true })
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    afterThisTest.add(() => vi.useRealTimers())
    const program = await start('head -c 500000 /dev/zero; exit 0')
    await pause(300)
    await vi.advanceTimersByTimeAsync(60_000)
    const all = collect(program)
    await pause(300)
    await vi.advanceTimersByTimeAsync(16_000)
    expect((await all).stdout.length).toBe(500_000)
  })
})
