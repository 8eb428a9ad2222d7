import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeTempFolder } from '../support/temp-folder.ts'
import { lab } from './lab.ts'
import { makeCredentialRows, makeLoginRows } from './parity/login-rows.ts'
import { makeLookupRows, makePluginRows, makePolicyRows, makeTerminalRows } from './parity/plugin-rows.ts'
import { makeProxyRows, makeVariableRows } from './parity/proxy-rows.ts'
import { type LoginRun, type ParityRow, runBoth } from './parity/run-both.ts'
import { openScene, type Scene } from './parity/scene.ts'
import { makeTrustRows } from './parity/trust-rows.ts'

/** The rules of a login change with kubectl's releases; this one's are kcap's. */
const wantedVersion = 'v1.36.4'
const foundVersion = readKubectlVersion()
const isRequired = process.env.KCAP_REQUIRE_REAL === '1'
const isActive = foundVersion === wantedVersion || isRequired
const parityTest = isActive ? test : test.skip
if (!isActive) console.log(`login parity needs kubectl ${wantedVersion} (KCAP_LAB_KUBECTL)`)

const scene = isActive ? await openScene() : undefined
afterAll(() => scene?.close())

/** Documented differences. */
const differences = readFileSync('docs/differences.md', 'utf8')

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

parityTest(`kubectl is ${wantedVersion}`, () => {
  expect(foundVersion).toBe(wantedVersion)
})

const tables: Record<string, (scene: Scene) => Record<string, ParityRow>> = {
  'every subset of credentials': makeCredentialRows,
  'who asks': makeLoginRows,
  'whom a login trusts': makeTrustRows,
  'proxy-url': makeProxyRows,
  'the variables for proxies': makeVariableRows,
  'credential plugins': makePluginRows,
  'credential plugins at a terminal': makeTerminalRows,
  'where a plugin is looked for': makeLookupRows,
  "kubectl's policy for plugins": makePolicyRows,
}

describe.runIf(isActive).each(Object.entries(tables))('%s', (_what, makeRows) => {
  const rows = scene === undefined ? {} : makeRows(scene)
  parityTest.each(Object.entries(rows))('%s', async (_name, row) => {
    if (scene === undefined) throw new Error('there is no scene')
    const { kubectl, kcap } = await runBoth(folder, scene, row)
    compare(row, kubectl, kcap)
  })
})

function compare(row: ParityRow, kubectl: LoginRun, kcap: LoginRun): void {
  const { stderr: _kubectl, ...expected } = kubectl
  const { stderr: words, ...actual } = kcap
  if (row.differs === undefined) expect(actual).toEqual(expected)
  else {
    expect(differences).toContain(row.differs.because)
    // Wherever the row names nothing they do the same.
    expect(expected).toEqual({ ...expected, ...row.differs.kubectl })
    expect(actual).toEqual({ ...expected, ...row.differs.kcap })
    expect(actual).not.toEqual(expected)
  }
  expect(words).not.toMatch(/secret|s%40|s@cr|Warning|node:/)
  if (kcap.succeeded) expect(words).toBe('')
  else expect(words).toMatch(/^kcap: error: cannot .*\n(kcap: {3}hint: .*\n)*$/)
}

function readKubectlVersion(): string | undefined {
  try {
    const text = execFileSync(lab.kubectl, ['version', '--client', '-o', 'json'], { encoding: 'utf8' })
    return (JSON.parse(text) as { clientVersion: { gitVersion: string } }).clientVersion.gitVersion
  } catch {
    return undefined
  }
}
