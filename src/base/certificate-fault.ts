/** Returns why a certificate is not trusted, in OpenSSL's words. Node 24 adds one of its own options, which no user of kcap can give. */
export function describeCertificateFault(message: string): string {
  return message.replace(/; if the root CA is installed locally.*$/s, '')
}
