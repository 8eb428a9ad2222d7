import { expect, test } from 'vitest'
import { listInterfaces, parseInterfaces } from '../../src/capture/list-interfaces.ts'
import type { Route } from '../../src/route/route.ts'
import { failureOf } from '../support/failure.ts'
import { makeFakeRemote } from '../support/fake-remote.ts'

const { signal } = new AbortController()

/** A route whose programs end one after the other with these exit codes and texts. */
function makeRoute(...ends: readonly { code: number; stdout?: string; stderr?: string }[]) {
  let started = 0
  let hasOtherShell = true
  const route = {
    via: 'ssh',
    network: { kind: 'here' },
    start: async () => {
      const { code, stdout = '', stderr = '' } = ends[started++] ?? { code: 0 }
      const program = makeFakeRemote()
      program.stdout.write(stdout)
      program.stderr.write(stderr)
      program.end({ kind: 'exited', code })
      return program.remote
    },
    useOtherShell: () => {
      const wasThere = hasOtherShell
      hasOtherShell = false
      return wasThere
    },
  } as unknown as Route
  return { route, startedCount: () => started }
}

test('parseInterfaces reads the list of each tcpdump, with or without states', () => {
  expect(parseInterfaces('1.eth0 [Up, Running]\n2.any\nx\n3. \n')).toEqual([
    { name: 'eth0', state: 'Up, Running' },
    { name: 'any', state: '' },
  ])
})

test('parseInterfaces takes up to 1000 interfaces, with names of up to 64 characters', () => {
  expect(parseInterfaces(`1.${'e'.repeat(65)}\n`)).toEqual([])
  expect(parseInterfaces('1.eth0\n'.repeat(5_000)).length).toBe(1_000)
})

test.each([
  [127, 'sh: tcpdump: not found', 'no-capture-program', 'cannot list interfaces: there is no "tcpdump"'],
  [1, 'tcpdump: no permission\n', 'capture-program-failed', 'cannot list interfaces: tcpdump: no permission'],
])("a tcpdump that ends with %i (%s) is '%s'", async (code, stderr, errorCode, message) => {
  const error = await failureOf(listInterfaces(makeRoute({ code, stderr }).route, signal))
  expect([error.code, error.message, error.hints]).toEqual([errorCode, message, ['--iface any']])
})

test('a login shell that finds no sh is asked once more, by the whole path of sh', async () => {
  const lacking = { code: 127, stderr: 'sh: not found' }
  const found = makeRoute(lacking, { code: 0, stdout: '1.eth0 [Up]\n' })
  expect(await listInterfaces(found.route, signal)).toEqual([{ name: 'eth0', state: 'Up' }])
  const never = makeRoute(lacking, lacking)
  expect((await failureOf(listInterfaces(never.route, signal))).code).toBe('no-capture-program')
  expect([found.startedCount(), never.startedCount()]).toEqual([2, 2])
})
