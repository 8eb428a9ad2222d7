import { version } from '../base/version.ts'

/** Image that this version's release publishes, with kcap, sh, tcpdump and nsenter, for amd64 and arm64: that of recorders, debug containers and node pods. */
export const releaseImage = `ghcr.io/kcap/kcap:${version}`
