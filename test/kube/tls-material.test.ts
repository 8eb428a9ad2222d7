import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { findCertificateEnd, makeTlsOptions, readTlsMaterial } from '../../src/kube/tls-material.ts'
import { base64, makeCertificates } from '../support/certificates.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const place = { context: 'shop', paths: ['/home/ann/.kube/config'] }
const certificates = await makeCertificates()
const folder = await makeTempFolder()

const codeOf = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

test('data counts before a file of the same key, and no key is read without a certificate', async () => {
  const file = path.join(folder, 'ca.pem')
  await writeFile(file, 'of the file')
  const both = { 'certificate-authority': file, 'certificate-authority-data': 'b2YgdGhl\nIGRhdGE=' }
  expect(readTlsMaterial(place, both, {}).authorities?.toString()).toBe('of the data')
  expect(readTlsMaterial(place, { 'certificate-authority': file }, {}).authorities?.toString()).toBe('of the file')
  expect(readTlsMaterial(place, {}, { 'client-key': '/nonexistent' }).key).toBeUndefined()
})

test("a file that is not there is 'kubeconfig-unreadable', and data that is not base64 is 'kubeconfig-broken'", () => {
  const authority = '/nonexistent/ca.pem'
  expect(() => readTlsMaterial(place, { 'certificate-authority': authority }, {})).toThrow(
    codeOf('kubeconfig-unreadable', /^cannot read the file "\/nonexistent\/ca\.pem" that the kubeconfig/),
  )
  expect(() => readTlsMaterial(place, { 'certificate-authority-data': 'a b' }, {})).toThrow(
    codeOf('kubeconfig-broken', /its certificate-authority-data is not base64$/),
  )
})

test("a key of another certificate is 'kubeconfig-broken'", () => {
  const material = { certificate: certificates.client.certificate, key: certificates.stranger.key }
  expect(() => makeTlsOptions(place, {}, material)).toThrow(
    codeOf('kubeconfig-broken', /its client certificate and its client key do not belong together$/),
  )
})

test('a tls-server-name is sent when it is a name, and only compared when it is an address', () => {
  const serverNameOf = (name: string) => makeTlsOptions(place, { 'tls-server-name': name }, {}).servername
  expect([serverNameOf('api.shop'), serverNameOf('10.0.0.1')]).toEqual(['api.shop', ''])
})

test('the end of a certificate is known, and anything else has none', () => {
  const endMs = findCertificateEnd(certificates.client.certificate) ?? 0
  expect(endMs).toBeGreaterThan(Date.now())
  expect(findCertificateEnd(base64('no certificate'))).toBeUndefined()
})
