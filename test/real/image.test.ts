import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, vi } from 'vitest'
import { releaseImage } from '../../src/settings/release-image.ts'
import { afterThisFile } from '../support/cleanups.ts'
import { runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { buildPackages, nameOf } from './built-packages.ts'
import { expectNoOwnPods, hasLab, lab, listCaptures, realTest, runLab, tshark } from './lab.ts'

const top = await makeTempFolder()
const environment = { KUBECONFIG: lab.kubeconfig }
const archiveIn = (folder: string) => path.join(top, folder, `${nameOf('linux-x64')}-image.tar`)
const onNode = ['--image', releaseImage, '--debug-pull-policy', 'Never']
const listImages = () => runLab('node-exec', 'ctr', '-n', 'k8s.io', 'images', 'ls', '-q', `name==${releaseImage}`)

beforeAll(async () => {
  if (!hasLab) return
  buildPackages(path.join(top, 'out'), 'linux-x64', '--require-image')
  // As a node gets an image without a registry.
  const argv = ['node-exec', 'ctr', '-n', 'k8s.io', 'images', 'import', '-']
  execFileSync(lab.command, argv, { input: readFileSync(archiveIn('out')), stdio: ['pipe', 'ignore', 'inherit'] })
  afterThisFile.add(async () => {
    await runLab('node-exec', 'ctr', '-n', 'k8s.io', 'images', 'rm', '--sync', releaseImage)
    expect(await listImages()).toBe('')
  })
})

realTest('containerd imports the image under the name that kcap uses by default', async () => {
  expect((await listImages()).trim()).toBe(releaseImage)
})

realTest('two builds of the image have the same bytes', () => {
  buildPackages(path.join(top, 'again'), 'linux-x64', '--require-image')
  const sum = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')
  expect(sum(archiveIn('again'))).toBe(sum(archiveIn('out')))
})

realTest('a record runs from the image, and its packets can be fetched', async () => {
  const start = await runKcap(['record', 'start', 'svc/orders', '-n', 'shop', '--keep', '10MB', '--yes', ...onNode], {
    ...environment,
  })
  expect(start.code, start.stderr).toBe(0)
  const name = start.stdout.toString().trim()
  try {
    const file = path.join(top, 'record.pcapng')
    const attached = await runKcap(['record', 'attach', name, '-o', file, '--duration', '4'], {
      ...environment,
      KCAP_SNAPLEN: undefined,
    })
    expect(attached.code, attached.stderr).toBe(0)
    expect(await tshark(file, '-q', '-z', 'io,phs')).toContain('http')
  } finally {
    const stopped = await runKcap(['record', 'stop', name], environment)
    expect(stopped.code, stopped.stderr).toBe(0)
  }
  const isOwn = (capture: string) => capture.includes(`/kcap-${name}-`)
  await vi.waitFor(async () => expect((await listCaptures()).filter(isOwn)).toEqual([]), { timeout: 60_000 })
})

realTest.each(['none', 'gzip'])(
  'the image captures a pod of the node as the default debug image, with --compress %s',
  async (compression) => {
    const file = path.join(top, `${compression}.pcapng`)
    const words = ['shop/loadgen', '--via', 'node-pod', '--yes', '--debug-pull-policy', 'Never']
    const options = ['--compress', compression, '--duration', '4', '-o', file]
    const { code, stderr } = await runKcap([...words, ...options], environment)
    expect(code, stderr).toBe(0)
    expect(await tshark(file)).not.toBe('')
    await expectNoOwnPods('running')
  },
)
