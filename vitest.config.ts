import { availableParallelism } from 'node:os'
import { defineConfig, type Plugin } from 'vitest/config'
import { toShellModule } from './packaging/shell-module.js'

// Node reads these certificates at each start, which takes it a third of its time; the servers of the tests have their own.
delete process.env.NODE_EXTRA_CA_CERTS

/** Loads shell scripts as the build does. */
const shellScripts: Plugin = {
  name: 'shell-scripts',
  transform: (code, id) => (id.endsWith('.sh') ? { code: toShellModule(code), map: null } : undefined),
}

/** unit: needs only Node. gates: the house itself. real: real peers (test/real/lab.ts). cluster: any cluster. fuzz: hostile
 * inputs, as long as KCAP_FUZZ_SECONDS says. soak: hours of churn. bench: measures, never part of a test run. */
export default defineConfig({
  plugins: [shellScripts],
  test: {
    pool: 'forks',
    setupFiles: 'test/support/run-cleanups.ts',
    // Transforming the sources costs the run's first seconds; what has not changed is taken from the last run.
    experimental: { fsModuleCache: true },
    // Many of these tests wait for a clock or a peer: meanwhile others have the core.
    maxWorkers: Math.ceil(2.5 * availableParallelism()),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/real/**', 'test/cluster/**', 'test/gates/**'],
          testTimeout: 45_000,
          // The kubeconfig library alone takes a second to load; kcap keeps nothing in its modules that a file could leave to the next.
          isolate: false,
          globalSetup: 'test/support/build-program.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'gates',
          include: ['test/gates/*.test.ts'],
          testTimeout: 45_000,
          globalSetup: 'test/support/build-program.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          // The peers and the machine are shared: one second try in CI, which prints what needed it.
          retry: process.env.KCAP_REQUIRE_REAL === '1' ? 1 : 0,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          globalSetup: 'test/support/build-program.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ['test/cluster/*.test.ts'],
          testTimeout: 180_000,
          fileParallelism: false,
          globalSetup: 'test/support/build-program.ts',
        },
      },
      {
        extends: true,
        test: { name: 'fuzz', include: ['test/fuzz/*.fuzz.ts'], testTimeout: 3_600_000, hookTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: 'soak',
          include: ['test/soak/*.soak.ts'],
          hookTimeout: 60_000,
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
