import path from 'node:path'
import { beforeAll, expect } from 'vitest'
import { runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { hasLab, lab, realTest, runLab } from './lab.ts'

/** An image by its digest alone, as who pins what runs in a cluster names it. */
let image = ''
let folder = ''

beforeAll(async () => {
  folder = await makeTempFolder()
  if (!hasLab) return
  const tagged = 'docker.io/lab/busybox:1'
  const list = await runLab('node-exec', 'ctr', '-n', 'k8s.io', 'images', 'ls', `name==${tagged}`)
  const digest = /sha256:[0-9a-f]{64}/.exec(list)?.[0]
  image = `docker.io/lab/busybox@${digest}`
  // A registry's answer would give it this name too; the lab has none.
  await runLab('node-exec', 'ctr', '-n', 'k8s.io', 'images', 'tag', '--force', tagged, image)
})

realTest('kcap runs a debug image named by its digest, with and without a tag', async () => {
  for (const name of [image, image.replace('@', ':1@')]) {
    const file = path.join(folder, 'digest.pcapng')
    const words = ['shop/distroless', '--via', 'node-pod', '--debug-image', name, '--debug-pull-policy', 'Never']
    const run = await runKcap([...words, '--duration', '2', '-o', file, '--force'], {
      KUBECONFIG: lab.kubeconfig,
    })
    expect(run.code, run.stderr).toBe(0)
  }
})
