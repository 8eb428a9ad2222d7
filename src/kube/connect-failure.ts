const certificateStates: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: is the clock of this machine right?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_WITHOUT_ALTERNATIVE_NAMES: 'its certificate has no alternative names, and its common name does not count',
}

const connectionStates: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up now',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'no route to host',
  ECONNRESET: 'it closed the connection',
}

/** Reason for a missing connection, below HTTP. */
export interface ConnectFailure {
  /** Cause: no connection, a certificate that is not trusted, or an unknown authority that signed it. */
  readonly kind: 'connection' | 'certificate' | 'authority'
  readonly state: string
}

export function explainConnectFailure(error: unknown): ConnectFailure {
  const { code = '', message } = error as NodeJS.ErrnoException
  const known = certificateStates[code]
  if (known !== undefined) return { kind: 'certificate', state: known }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code))
    return { kind: 'authority', state: `its certificate is signed by nobody the kubeconfig trusts (${code})` }
  return { kind: 'connection', state: connectionStates[code] ?? message }
}
