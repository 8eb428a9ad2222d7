import type { Client, ClientChannel } from 'ssh2'

/** Full, and when it is filled up: as OpenSSH's own 2 MiB it never runs low on a long line, where ssh2's would wait half of the time. */
const windowBytes = 3 * 2 ** 20
const refillBytes = windowBytes - 2 ** 19
/** A reader who is further behind gets no more. */
const idleBytes = 2 ** 16

/** What ssh2 1.17 does not show: Channel.js and client.js (CHANNEL_DATA), whose own refill comes at half of 2 MiB. */
interface ChannelParts {
  readonly incoming: { window: number }
  readonly outgoing: { readonly id: number }
}
interface ClientParts {
  readonly _protocol: { channelWindowAdjust(recipient: number, bytes: number): void }
}

/** Lets more be on its way to this channel while its reader keeps up; what can wait here grows to 3 MiB by it. */
export function widenWindow(client: Client, channel: ClientChannel): void {
  const { incoming, outgoing } = channel as unknown as ChannelParts
  const { _protocol: protocol } = client as unknown as ClientParts
  const { push } = channel
  channel.push = (chunk, encoding) => {
    const isOpen = push.call(channel, chunk, encoding)
    if (chunk !== null && incoming.window <= refillBytes && channel.readableLength <= idleBytes) {
      const bytes = windowBytes - incoming.window
      incoming.window += bytes
      protocol.channelWindowAdjust(outgoing.id, bytes)
    }
    return isOpen
  }
}
