import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { programPath } from '../support/run-kcap.ts'

const run = promisify(execFile)

async function runShell(line: string) {
  const environment = { PATH: process.env.PATH, KUBECONFIG: '/nonexistent', NODE: process.execPath, KCAP: programPath }
  return await run('sh', ['-c', `${line}; echo "$?" >&2`], { env: environment }).then(({ stderr }) => stderr)
}

describe.runIf(process.platform === 'linux')('one sentence, and no trace of the stack', () => {
  test.each(['--help', '--version', 'completion bash', 'config show', 'list --help'])(
    'kcap %s says that standard output takes no more',
    async (words) => {
      expect(await runShell(`"$NODE" "$KCAP" ${words} > /dev/full`)).toBe(
        'kcap: error: cannot write to standard output: the disk is full\n7\n',
      )
    },
  )

  test('a process with few files says what limits it', async () => {
    expect(await runShell('ulimit -n 32; "$NODE" "$KCAP" list contexts')).toMatch(
      /^kcap: error: cannot .*\n(kcap: {3}hint: .*\n)*[14]\n$/,
    )
  })

  test('a reader that has seen enough is no failure', async () => {
    expect(await runShell('{ "$NODE" "$KCAP" --help; echo "$?" >&2; } | head -1 > /dev/null')).toBe('0\n0\n')
  })
})
