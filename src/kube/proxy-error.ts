import { KcapError } from '../base/kcap-error.ts'
import { printable } from '../base/printable.ts'
import { labelProxy, type ProxyServer } from './proxy-server.ts'

const limitedStatusLength = 60

/** Returns the error for a missing connection to the proxy. */
export function proxyUnreachable(proxy: ProxyServer, state: string, cause?: unknown): KcapError {
  return makeError('proxy-unreachable', 'reach', proxy, state, cause)
}

/** Returns the error for a proxy that wants a user name and a password, or others. */
export function proxyLoginRefused(proxy: ProxyServer): KcapError {
  const state =
    proxy.login === undefined ? 'it wants a user name and a password' : 'it does not accept the user name and password'
  return makeError('proxy-login-refused', 'pass', proxy, state)
}

/** Returns the error for a proxy that answers, but not with a connection to the API server. */
export function proxyFailed(proxy: ProxyServer, state: string, cause?: unknown): KcapError {
  return makeError('proxy-failed', 'pass', proxy, state, cause)
}

export function describeProxyAnswer(status: number | undefined, message: string | undefined): string {
  return `it answered ${status ?? ''} ${printable(message ?? '').slice(0, limitedStatusLength)}`.trim()
}

function makeError(
  code: 'proxy-unreachable' | 'proxy-login-refused' | 'proxy-failed',
  verb: 'reach' | 'pass',
  proxy: ProxyServer,
  state: string,
  cause?: unknown,
): KcapError {
  const { source, login } = proxy
  const isVariable = source !== 'proxy-url'
  const loginHint = `its user name and password go into the URL: ${proxy.scheme}://USER:PASSWORD@HOST:PORT`
  return new KcapError(code, `cannot ${verb} the proxy "${labelProxy(proxy)}": ${state}`, {
    hints: [
      isVariable
        ? `the variable ${source} names it; NO_PROXY lists the hosts that are reached without it`
        : 'the proxy-url of the cluster in the kubeconfig names it',
      ...(code === 'proxy-login-refused' && login === undefined ? [loginHint] : []),
    ],
    ...(cause !== undefined && { cause }),
  })
}
