import { generate } from 'selfsigned'

export interface ServerCertificate {
  readonly key: string
  /** Its own authority. */
  readonly certificate: string
}

/** A certificate for the loopback address, made anew at each start. */
export async function makeServerCertificate(): Promise<ServerCertificate> {
  const made = await generate([{ name: 'commonName', value: 'kcap-demo' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 60 * 60 * 1000),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  return { key: made.private, certificate: made.cert }
}
