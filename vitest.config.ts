/** How the tests run: which files, how many at once, and how long each may take. */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real servers and AWS emulators need seconds to start, and ten times as long on a busy machine. Every wait in a
    // test ends by a condition of its own, so that these bounds cost nothing but in a test that hangs.
    testTimeout: 180_000,
    hookTimeout: 600_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 60_000 } },
    // Vitest leaves one core to itself; these tests wait for processes and sockets more than they compute.
    maxWorkers: '100%',
    // No module of the tree keeps anything that a second file of tests could see (a handler of the function is loaded
    // anew by its test), and loading all modules for each file would be a third of the time.
    isolate: false,
    // The programs that tests start are compiled once, and half the time of a start is compiling.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, '.cache/compiled') },
    restoreMocks: true,
    unstubEnvs: true,
    coverage: {
      provider: 'v8',
      include: ['lambda/**', 'infra/**'],
      // What runs in a browser is held by tests in one, which are not counted here.
      exclude: ['**/*.md', '**/*.yaml', 'lambda/page/browser/**'],
      thresholds: { lines: 90, branches: 85 },
    },
  },
});
