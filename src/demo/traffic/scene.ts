import { createHash } from 'node:crypto'
import { kubeDnsAddress, serviceAddresses } from '../cluster/demo-apps.ts'
import type { Pod } from '../cluster/kube-object.ts'
import { parseIpv4Address } from './ipv4.ts'
import type { Ends, Host } from './tap.ts'

/** Peers of a pod, as seen from the pod. */
export interface Scene {
  readonly namespace: string
  readonly self: Host & { readonly mac: Buffer }
  readonly gateway: Host & { readonly mac: Buffer }
  readonly dns: Peer
  readonly http: Peer
  readonly tls: Peer
  readonly sql: Peer
  /** Whether a second container talks to the first over loopback. */
  readonly hasProxy: boolean
  nextPort(): number
}

export interface Peer extends Host {
  readonly self: 'client' | 'server'
  /** Server's port, whichever end the server is. */
  readonly port: number
  /** Server's name, as the client uses it. */
  readonly serverName: string
}

const podAddresses = { web: '10.244.1.9', orders: '10.244.1.17', ingress: '10.244.1.4' } as const
const selfTtl = 64
const nearTtl = 63
const ephemeralPorts = { first: 32_768, count: 28_232 } as const

export function makeScene(pod: Pod, firstPort: number): Scene {
  const app = pod.metadata.labels?.app ?? ''
  const namespace = pod.metadata.namespace ?? 'default'
  const address = parseIpv4Address(pod.status.podIP ?? '10.244.1.250')
  const suffix = `${namespace}.svc.cluster.local`
  const client = (to: string, port: number, serverName: string): Peer => ({
    self: 'client',
    address: parseIpv4Address(to),
    ttl: nearTtl,
    port,
    serverName,
  })
  const server = (from: string, port: number, serverName: string): Peer => ({
    self: 'server',
    address: parseIpv4Address(from),
    ttl: nearTtl,
    port,
    serverName,
  })
  const httpPeers: Readonly<Record<string, Peer>> = {
    orders: server(podAddresses.web, 8080, `orders.${namespace}`),
    web: server(podAddresses.ingress, 80, 'shop.example.com'),
  }
  const tlsPeers: Readonly<Record<string, Peer>> = {
    payments: server(podAddresses.orders, 8443, `payments.${suffix}`),
    web: client('203.0.113.80', 443, 'cdn.example.com'),
  }
  let serial = firstPort
  return {
    namespace,
    self: { address, ttl: selfTtl, mac: makeMac(pod.metadata.uid) },
    gateway: {
      address: ((address & 0xffffff00) >>> 0) + 1,
      ttl: selfTtl,
      mac: makeMac(`gateway of ${pod.spec.nodeName}`),
    },
    dns: { self: 'client', address: parseIpv4Address(kubeDnsAddress), ttl: nearTtl, port: 53, serverName: suffix },
    http: httpPeers[app] ?? client(serviceAddresses.orders, 80, `orders.${namespace}`),
    tls: tlsPeers[app] ?? client(serviceAddresses.payments, 443, `payments.${suffix}`),
    sql: app === 'db' ? server(podAddresses.orders, 5432, 'db') : client(serviceAddresses.db, 5432, 'db'),
    hasProxy: pod.spec.containers.length > 1,
    nextPort: () => ephemeralPorts.first + (serial++ % ephemeralPorts.count),
  }
}

/** Returns the two ends of a new conversation, with a fresh client port. */
export function endsWith(scene: Scene, peer: Peer): Ends {
  const port = scene.nextPort()
  const { self } = scene
  return peer.self === 'client'
    ? { self: 'client', client: { ...self, port }, server: { address: peer.address, ttl: peer.ttl, port: peer.port } }
    : { self: 'server', client: { address: peer.address, ttl: peer.ttl, port }, server: { ...self, port: peer.port } }
}

/** Returns the ends of a conversation from the proxy container to the main one. */
export function loopbackEnds(scene: Scene): Ends {
  const address = parseIpv4Address('127.0.0.1')
  return {
    self: 'server',
    isLoopback: true,
    client: { address, ttl: selfTtl, port: scene.nextPort() },
    server: { address, ttl: selfTtl, port: 8080 },
  }
}

/** Returns a locally administered unicast address. */
function makeMac(name: string): Buffer {
  const mac = createHash('sha256').update(name).digest().subarray(0, 6)
  mac[0] = ((mac[0] as number) & 0xfc) | 0x02
  return mac
}
