import { median } from '../bench/measure.ts'

/** Growth of a figure over a run: endless growth shows in both numbers, however slow it is. */
export interface Growth {
  /** Slope of the best-fitting line, per ten minutes. */
  readonly perTenMinutes: number
  readonly firstQuarter: number
  readonly lastQuarter: number
}

export function measureGrowth(points: readonly { readonly atSeconds: number; readonly value: number }[]): Growth {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const middle = { at: mean(points.map(({ atSeconds }) => atSeconds)), value: mean(points.map(({ value }) => value)) }
  const sum = (of: (at: number, value: number) => number) =>
    points.reduce((total, { atSeconds, value }) => total + of(atSeconds - middle.at, value - middle.value), 0)
  const quarter = Math.max(1, Math.floor(points.length / 4))
  const medianOf = (some: typeof points) => median(some.map(({ value }) => value))
  return {
    perTenMinutes: (600 * sum((at, value) => at * value)) / sum((at) => at * at),
    firstQuarter: medianOf(points.slice(0, quarter)),
    lastQuarter: medianOf(points.slice(-quarter)),
  }
}
