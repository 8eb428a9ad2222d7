import { availableParallelism } from 'node:os'
import { defineConfig, type Plugin } from 'vitest/config'
import { toShellModule } from './packaging/shell-module.js'

// Node reads these certificates at each start, which takes a third of the start time; the servers of the tests have their own.
delete process.env.NODE_EXTRA_CA_CERTS
// Outside any shell, bash takes a socket on standard input for a remote login and reads ~/.bashrc; a test may kill it while it does.
if (!(Number(process.env.SHLVL) >= 1)) process.env.SHLVL = '1'

/** Loads shell scripts as the build does. */
const shellScripts: Plugin = {
  name: 'shell-scripts',
  transform: (code, id) => (id.endsWith('.sh') ? { code: toShellModule(code), map: null } : undefined),
}

/** unit needs only Node. gates checks the sources and documents. real uses real peers (test/real/lab.ts). cluster uses any cluster. fuzz sends
 * hostile inputs for KCAP_FUZZ_SECONDS. soak runs hours of churn. bench measures, and is never part of a test run. */
export default defineConfig({
  plugins: [shellScripts],
  test: {
    pool: 'forks',
    setupFiles: 'test/support/run-cleanups.ts',
    // Transforming the sources takes the first seconds of a run; unchanged files come from the last run.
    experimental: { fsModuleCache: true },
    // Many of these tests wait for a clock or a peer; other tests use the core meanwhile.
    maxWorkers: Math.ceil(2.5 * availableParallelism()),
    coverage: { include: ['src/**/*.ts'], reporter: ['text-summary'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/real/**', 'test/cluster/**', 'test/gates/**'],
          testTimeout: 45_000,
          // In CI other lanes share the cores; it prints which tests were tried twice.
          retry: process.env.CI === 'true' ? 1 : 0,
          // The kubeconfig library alone takes a second to load. kcap keeps no state in its modules that one file could pass to the next.
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
          // The peers and the machine are shared: CI retries a test once and prints which.
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
