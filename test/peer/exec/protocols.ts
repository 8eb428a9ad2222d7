import { type ExecProtocol, v5 } from '../../../src/demo/exec/exec-protocol.ts'
import { v4 } from './v4-protocol.ts'

const protocols = { 'v5.channel.k8s.io': v5, 'v4.channel.k8s.io': v4 }

export type ExecProtocolName = keyof typeof protocols

export function protocolsNamed(names: readonly ExecProtocolName[]): ExecProtocol[] {
  return names.map((name) => protocols[name])
}
