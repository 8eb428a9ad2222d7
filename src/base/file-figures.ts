/** Contents of one file of a series. */
export interface FileFigures {
  readonly packets: number
  readonly bytes: number
  /** Earliest and latest time of its packets, in nanoseconds since the Unix epoch; undefined without packets. */
  readonly firstNs: bigint | undefined
  readonly lastNs: bigint | undefined
  /** Interfaces that it describes. */
  readonly interfaces: readonly string[]
  /** Packets that the kernels of all sources dropped; undefined before the end of the capture, or when one could not count. */
  readonly dropped: number | undefined
}
