import { describe, expect } from 'vitest'
import { runKcap } from '../support/run-kcap.ts'
import { kubectl, lab, realTest } from './lab.ts'

// `kubectl get` and `kcap list` print the same tables.

const kinds = ['pods', 'po', 'svc', 'services', 'deploy', 'sts', 'ds', 'rs', 'jobs', 'nodes', 'ns']
const scopes = [[], ['-n', 'staging'], ['-n', 'none-such'], ['-A'], ['-l', 'app=orders'], ['-A', '--no-headers']]

const list = async (...argv: string[]) =>
  await runKcap(['list', ...argv], { KUBECONFIG: lab.kubeconfig }).then(({ code, stdout, stderr }) => {
    expect({ code, argv }).toEqual({ code: 0, argv })
    return stdout + stderr
  })

/** Ages go on between the two, and their widths with them. */
const withoutAges = (text: string) =>
  text.replace(/ +(?:\d+[smhdy])+(?= |$)/gm, ' AGE').replace(/ +AGE( *)/g, (_all, after) => ` AGE${after && ' '}`)

describe('kcap list prints the tables of kubectl get:', () => {
  for (const kind of kinds)
    realTest(kind, async () => {
      for (const scope of scopes) {
        const isNone = scope.includes('none-such')
        const wanted = await kubectl('get', kind, ...scope, ...(isNone ? ['--ignore-not-found'] : []))
        const got = await list(kind, ...scope)
        if (isNone && wanted === '') expect(got).toBe('No resources found in none-such namespace.\n')
        else if (wanted === '') expect(got).toMatch(/^No resources found( in \S+ namespace\.)?\n$/)
        else expect(withoutAges(got), `${kind} ${scope}`).toBe(withoutAges(wanted))
      }
      const wide = await kubectl('get', kind, '-A', '-o', 'wide')
      const ownColumn = /^po/.test(kind) ? /( +CONTAINERS| +[\w,-]+)$/gm : /$^/g
      expect(withoutAges((await list(kind, '-A', '-o', 'wide')).replace(ownColumn, ''))).toBe(withoutAges(wide))
    })

  realTest('kcap list -o name prints the pods as targets that kcap captures', async () => {
    const names = (await list('pods', '-A', '-o', 'name')).trim().split('\n')
    const wanted = await kubectl(
      'get',
      'pods',
      '-A',
      '-o',
      'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {end}',
    )
    expect(names).toEqual(wanted.trim().split(' '))
  })

  realTest("kcap list containers prints the containers of the pod's spec", async () => {
    const rows = JSON.parse(await list('containers', '-o', 'json')) as { pod: string; name: string; kind: string }[]
    const spec = await kubectl(
      'get',
      'pods',
      '-o',
      'jsonpath={range .items[*]}{.metadata.name}:{.spec.containers[*].name};{end}',
    )
    for (const [pod, names] of spec
      .split(';')
      .filter(Boolean)
      .map((line) => line.split(':')))
      expect(rows.filter((row) => row.pod === pod && row.kind === 'container').map(({ name }) => name)).toEqual(
        names?.split(' '),
      )
  })
})
