import { internalError } from '../../../src/demo/api/status.ts'
import { type ExecProtocol, formatExit, formatRefusal } from '../../../src/demo/exec/exec-protocol.ts'

const upgradeFailure = 'unable to upgrade connection: '
const backendFailure = 'error sending request: '

/** The protocol of Kubernetes up to 1.29, where the kubelet's own words and Status reach the client. */
export const v4: ExecProtocol = {
  name: 'v4.channel.k8s.io',
  formatStatus: (end) =>
    end.kind === 'refused'
      ? formatRefusal(end.text)
      : formatExit(end.code, `error executing command [${end.argv.join(' ')}], exit code ${end.code}`),
  refuseUpgrade(text) {
    if (text.startsWith(backendFailure))
      return internalError(`error dialing backend: ${text.slice(backendFailure.length)}`)
    const words = text.slice(upgradeFailure.length)
    return { code: words === 'pod does not exist' ? 404 : 500, text: words }
  },
}
