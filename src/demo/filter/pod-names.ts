import type { FilterNames, NamedService } from '../../filter/environment.ts'

const tcp = ['tcp'] as const
const udp = ['udp'] as const
const both = ['tcp', 'udp'] as const

/** Entries of a pod's /etc/services and /etc/protocols. */
const services: Readonly<Record<string, NamedService>> = {
  ftp: { port: 21, protocols: tcp },
  ssh: { port: 22, protocols: tcp },
  telnet: { port: 23, protocols: tcp },
  smtp: { port: 25, protocols: tcp },
  domain: { port: 53, protocols: both },
  bootps: { port: 67, protocols: udp },
  bootpc: { port: 68, protocols: udp },
  http: { port: 80, protocols: tcp },
  www: { port: 80, protocols: tcp },
  kerberos: { port: 88, protocols: both },
  pop3: { port: 110, protocols: tcp },
  ntp: { port: 123, protocols: udp },
  imap2: { port: 143, protocols: tcp },
  snmp: { port: 161, protocols: both },
  ldap: { port: 389, protocols: both },
  https: { port: 443, protocols: both },
  syslog: { port: 514, protocols: udp },
  submission: { port: 587, protocols: tcp },
  ldaps: { port: 636, protocols: both },
  imaps: { port: 993, protocols: tcp },
  pop3s: { port: 995, protocols: tcp },
  mysql: { port: 3306, protocols: tcp },
  postgresql: { port: 5432, protocols: tcp },
  amqp: { port: 5672, protocols: tcp },
  redis: { port: 6379, protocols: tcp },
  'http-alt': { port: 8080, protocols: tcp },
}
const protocols: Readonly<Record<string, number>> = {
  ...{ icmp: 1, igmp: 2, tcp: 6, udp: 17, gre: 47, esp: 50, ah: 51, icmp6: 58, 'ipv6-icmp': 58, ospf: 89, pim: 103 },
  ...{ vrrp: 112, sctp: 132 },
}

/** Names that a pod of the demo looks up. */
export const podNames: FilterNames = {
  findService: (name) => services[name],
  findProtocol: (name) => protocols[name],
}
