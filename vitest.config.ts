import { defineConfig } from 'vitest/config'

/** unit: needs only Node. gates: the house itself. real: real peers (test/real/lab.ts). bench: measures, never part of a test run. */
export default defineConfig({
  test: {
    pool: 'forks',
    // Vitest leaves a core free; most of these tests wait for a clock or a peer.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/real/**', 'test/gates/**'],
          testTimeout: 20_000,
          globalSetup: 'test/support/build-program.ts',
        },
      },
      { extends: true, test: { name: 'gates', include: ['test/gates/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          globalSetup: 'test/support/build-program.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'bench',
          include: ['test/bench/*.bench.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          globalSetup: 'test/support/build-program.ts',
        },
      },
    ],
  },
})
