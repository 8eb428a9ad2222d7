import type { Client, ClientChannel } from 'ssh2'

/**
 * Window size, and the level at which it is refilled. Like OpenSSH's own 2 MiB, it never runs low on a line with high latency, where ssh2's would
 * wait half of the time.
 */
const windowBytes = 3 * 2 ** 20
const refillBytes = windowBytes - 2 ** 19
/** Backlog above which the window is not refilled. */
const idleBytes = 2 ** 16

/** Internals that ssh2 1.17 does not expose: Channel.js and client.js (CHANNEL_DATA), whose own refill happens at half of 2 MiB. */
interface ChannelParts {
  readonly incoming: { window: number }
  readonly outgoing: { readonly id: number }
}
interface ClientParts {
  readonly _protocol: { channelWindowAdjust(recipient: number, bytes: number): void }
}

/** Allows more data in flight to this channel while its reader keeps up. This raises the local backlog to 3 MiB at most. */
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
