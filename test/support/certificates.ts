import { generate } from 'selfsigned'

export interface Identity {
  readonly key: string
  readonly certificate: string
}

const notBeforeDate = new Date(Date.now() - 3_600_000)
const common = { keyType: 'ec', algorithm: 'sha256', notBeforeDate } as const
const signsOthers = [
  { name: 'basicConstraints', cA: true, critical: true },
  { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
] as const

/** The names and addresses that the test's servers and proxies answer for. */
const altNames = [
  ...['kubernetes', 'api.corp.example', 'proxy.corp.example', 'localhost'].map(
    (value) => ({ type: 2, value }) as const,
  ),
  ...['127.0.0.1', '192.0.2.77', '::1'].map((ip) => ({ type: 7, ip }) as const),
]

export type Certificates = Awaited<ReturnType<typeof makeCertificates>>

/** A root, an intermediate authority below it, a server below that, a server without alternative names, two clients and a stranger. */
export async function makeCertificates() {
  const root = await make('root', signsOthers)
  const intermediate = await make('intermediate', signsOthers, root)
  const server = (name: string) =>
    make(
      name,
      [
        { name: 'extKeyUsage', serverAuth: true },
        { name: 'subjectAltName', altNames },
      ],
      intermediate,
    )
  const client = (name: string) => make(name, [{ name: 'extKeyUsage', clientAuth: true }], root)
  return {
    root,
    intermediate,
    server: await server('server'),
    nameless: await make('kubernetes', [{ name: 'extKeyUsage', serverAuth: true }], intermediate),
    client: await client('client'),
    pluginClient: await client('plugin-client'),
    stranger: await make('stranger', signsOthers),
  }
}

async function make(name: string, extensions: readonly object[], authority?: Identity): Promise<Identity> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...common,
    extensions: [...extensions] as never,
    ...(authority && { ca: { key: authority.key, cert: authority.certificate } }),
  })
  return { key: made.private, certificate: made.cert }
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
