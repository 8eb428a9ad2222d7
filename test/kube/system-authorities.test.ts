import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readSystemAuthorities } from '../../src/kube/system-authorities.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

// Whom kubectl trusts by the same variables is compared in test/real/kubeconfig-parity.test.ts.
test.runIf(process.platform === 'linux')(
  'SSL_CERT_FILE stands for the bundle of the machine, SSL_CERT_DIR for its folders',
  async () => {
    const folder = await makeTempFolder()
    const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`
    await mkdir(path.join(folder, 'certs'))
    await writeFile(path.join(folder, 'bundle'), pem('bundle'))
    await writeFile(path.join(folder, 'certs/one'), pem('one'))
    await writeFile(path.join(folder, 'certs/none'), 'no certificate')
    const [file, directory] = [path.join(folder, 'bundle'), path.join(folder, 'certs')]
    expect(readSystemAuthorities({ SSL_CERT_FILE: file })).toEqual([pem('bundle')])
    expect(readSystemAuthorities({ SSL_CERT_FILE: file, SSL_CERT_DIR: `/nonexistent:${directory}` })).toEqual([
      pem('bundle'),
      pem('one'),
    ])
    expect(readSystemAuthorities({ SSL_CERT_FILE: '/nonexistent', SSL_CERT_DIR: '/nonexistent' })).toEqual([])
  },
)
