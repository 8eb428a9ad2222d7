/** Name of the WebSocket subprotocol: binary messages, each a whole number of pcapng blocks. */
export const subprotocol = 'pcapng.kcap.v1'

/** Interval of the pings that the server sends. */
export const pingIntervalMs = 15_000

/** Silence after which either side drops the connection. */
export const maxSilenceMs = 45_000
