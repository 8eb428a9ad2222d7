import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { expect, test } from 'vitest'
import { makeServerCertificate } from '../../src/tls/self-signed-certificate.ts'

test('makeServerCertificate returns an authority for loopback that is valid now and signed by itself', () => {
  const certificate = new X509Certificate(makeServerCertificate().certificate)
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(certificate.subject).toBe('CN=kcap')
  expect(certificate.issuer).toBe('CN=kcap')
  expect(certificate.ca).toBe(true)
  expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1')
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  const daysFromNow = (date: string) => (Date.parse(date) - Date.now()) / 86_400_000
  expect(daysFromNow(certificate.validFrom)).toBeCloseTo(-1 / 24, 2)
  expect(daysFromNow(certificate.validTo)).toBeCloseTo(365, 2)
})

test('a certificate is valid for the names and addresses that it is made for', () => {
  const addresses = ['10.0.0.7', '::1', 'fe80::1:2', '2001:db8:1:2:3:4:5:6', '::ffff:10.1.2.3']
  const { certificate } = makeServerCertificate({ dnsNames: ['build.example.com'], addresses })
  const parsed = new X509Certificate(certificate)
  expect(parsed.checkHost('build.example.com')).toBe('build.example.com')
  for (const address of addresses) expect(parsed.checkIP(address)).toBe(address)
  expect(parsed.checkIP('127.0.0.1')).toBeUndefined()
})

test('each certificate has a key and a serial number of its own', () => {
  const [first, second] = [makeServerCertificate(), makeServerCertificate()]
  expect(first.key).not.toBe(second.key)
  expect(new X509Certificate(first.certificate).serialNumber).not.toBe(
    new X509Certificate(second.certificate).serialNumber,
  )
})

test.each(['localhost', '127.0.0.1'])('a TLS client that trusts the certificate accepts it for %s', async (host) => {
  const { key, certificate } = makeServerCertificate()
  const server = createServer({ key, cert: certificate }, (socket) => socket.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    const socket = connect({
      port,
      host: '127.0.0.1',
      ca: certificate,
      ...(host === 'localhost' && { servername: host }),
    })
    await once(socket, 'secureConnect')
    expect(socket.authorized).toBe(true)
    socket.destroy()
  } finally {
    server.close()
  }
})
