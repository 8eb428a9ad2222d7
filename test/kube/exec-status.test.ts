import { expect, test } from 'vitest'
import { readExecStatus, toExecError, toStartError } from '../../src/kube/exec-status.ts'

const read = (status: unknown) =>
  readExecStatus('shop/web', 'sh', Buffer.from(typeof status === 'string' ? status : JSON.stringify(status)))
const failure = (message: string, causes: object[] = []) => ({ status: 'Failure', message, details: { causes } })

test('a Status is the exit of the program: success is 0, else the code it names', () => {
  expect(read({ status: 'Success' })).toEqual({ kind: 'exited', code: 0 })
  expect(read(failure('x', [{ reason: 'ExitCode', message: '137' }]))).toEqual({ kind: 'exited', code: 137 })
})

test.each(['256', '-1', '1e2', ''])('an exit code of "%s" is no exit, and the start counts as refused', (message) => {
  expect(read(failure('x', [{ reason: 'ExitCode', message }])).kind).toBe('refused')
})

test('text in place of a Status is what the container runtime says', () => {
  const exit = read('oci runtime error')
  expect(exit).toMatchObject({
    kind: 'refused',
    error: {
      code: 'capture-program-failed',
      message: 'cannot capture in "shop/web": the container runtime says: oci runtime error',
    },
  })
})

test.each([
  ['exec: "sh": executable file not found in $PATH: unknown', 'no-shell'],
  ['stat /bin/sh: no such file or directory', 'no-shell'],
  ['unable to upgrade connection: container not found ("api")', 'container-not-found'],
  ['Internal error occurred: error dialing backend: dial tcp 10.0.0.1:10250: i/o timeout', 'api-failed'],
])("a start that ends with '%s' is '%s'", (message, code) => {
  expect(toStartError('shop/web', 'sh', message).code).toBe(code)
})

test.each([
  [404, { kind: 'Status', details: { kind: 'pods' }, message: 'pods "web" not found' }, 'pod-not-found'],
  [404, { kind: 'Status', message: 'the server could not find the requested resource' }, 'container-not-found'],
  [400, { kind: 'Status', message: 'container x is not valid for pod web' }, 'container-not-found'],
  [403, { kind: 'Status', message: 'User "ann" cannot get resource "pods/exec"' }, 'api-forbidden'],
])("an exec that is answered %i with %j is '%s'", (httpStatus, body, code) => {
  const server = { server: new URL('https://api.shop') }
  const request = { namespace: 'shop', pod: 'web', container: 'x' }
  expect(toExecError(server, request, 'get', httpStatus, JSON.stringify(body)).code).toBe(code)
})
