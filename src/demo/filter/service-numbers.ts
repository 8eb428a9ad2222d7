import { FilterError } from '../../filter/errors.ts'

/** Entries of a pod's /etc/services and /etc/protocols. */
const ports: Readonly<Record<string, number>> = {
  ...{ ftp: 21, ssh: 22, telnet: 23, smtp: 25, domain: 53, bootps: 67, bootpc: 68, http: 80, www: 80, kerberos: 88 },
  ...{ pop3: 110, ntp: 123, imap2: 143, snmp: 161, ldap: 389, https: 443, syslog: 514, submission: 587, ldaps: 636 },
  ...{ imaps: 993, pop3s: 995, mysql: 3306, postgresql: 5432, amqp: 5672, redis: 6379, 'http-alt': 8080 },
}
const protocols: Readonly<Record<string, number>> = {
  ...{ icmp: 1, igmp: 2, tcp: 6, udp: 17, gre: 47, esp: 50, ah: 51, icmp6: 58, 'ipv6-icmp': 58, ospf: 89, pim: 103 },
  ...{ vrrp: 112, sctp: 132 },
}

/**
 * Returns the number of a port or protocol by its name; undefined if only libpcap could tell.
 * @throws {FilterError} in libpcap's words, when there is no such port, host or network
 */
export function findNumber(type: string, name: string): number | undefined {
  switch (type) {
    case 'port':
      return ports[name] ?? fail(`unknown port '${name}'`)
    case 'proto':
      return protocols[name] ?? fail(`unknown ip proto '${name}'`)
    case 'host':
      return fail(`unknown host '${name}'`)
    case 'net':
      return fail(`unknown network '${name}'`)
    default:
      return undefined
  }
}

function fail(message: string): never {
  throw new FilterError(message)
}
