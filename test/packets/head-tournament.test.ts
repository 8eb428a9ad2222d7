import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeHeadTournament } from '../../src/packets/head-tournament.ts'

const none = Number.POSITIVE_INFINITY

test('the head tournament returns the earliest head after any changes', () => {
  const head = fc.oneof(fc.nat(20), fc.constant(none))
  const moves = fc.array(fc.tuple(fc.nat(), head), { maxLength: 50 })
  fc.assert(
    fc.property(fc.array(head, { minLength: 1, maxLength: 70 }), moves, (heads, changes) => {
      const tournament = makeHeadTournament()
      tournament.restart(heads)
      for (const [number, headNs] of [[0, heads[0] as number] as const, ...changes]) {
        const player = number % heads.length
        heads[player] = headNs
        tournament.set(player, headNs)
        const sorted = [...heads].sort((a, b) => a - b)
        const [firstNs = none, secondNs = none] = sorted
        expect(tournament.secondNs()).toBe(secondNs)
        if (firstNs !== none) expect(tournament.winner).toBe(heads.indexOf(firstNs))
        expect(tournament.headOf(player)).toBe(headNs)
      }
    }),
  )
})
