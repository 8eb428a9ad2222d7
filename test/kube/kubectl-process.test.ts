import { expect, test } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { runKcap } from '../support/run-kcap.ts'

const demo = await openDemoFixture()

test("kubectl that is not on PATH is 'kubectl-missing'", async () => {
  const { code, stderr } = await runKcap(['prod/orders-6c9f', '--via', 'kubectl', '-o', '/dev/null', '--force'], {
    KUBECONFIG: await demo.kubeconfig(),
    PATH: '/nonexistent',
  })
  expect([code, stderr.split('\n')]).toEqual([
    4,
    [
      'kcap: error: cannot start "kubectl": there is no such program on PATH',
      'kcap:   hint: leave --via out: kcap needs no kubectl where the login has "get pods/exec"',
      'kcap:   hint: PATH is /nonexistent',
      '',
    ],
  ])
})
