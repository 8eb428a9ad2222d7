import { expect, test } from 'vitest'
import { formatHint } from '../../src/base/hint.ts'
import { formatCommand } from '../../src/session/reach.ts'
import { makePodTarget } from '../support/pod-target.ts'

const format = (...words: Parameters<typeof formatCommand>) => formatHint(formatCommand(...words))

test('the command for another route is the command line of the user with that route', () => {
  expect(format('kcap shop/web -o x.pcapng', makePodTarget(), 'ephemeral')).toBe(
    'kcap shop/web -o x.pcapng --via ephemeral',
  )
})

test('the command for ssh names the pod and its node, or a place for it when the node is unknown', () => {
  expect(format('kcap svc/web', makePodTarget(), 'ssh')).toBe('kcap shop/web --ssh-host node-1')
  expect(format('kcap svc/web', makePodTarget({ node: undefined }), 'ssh')).toBe('kcap shop/web --ssh-host NODE')
})
