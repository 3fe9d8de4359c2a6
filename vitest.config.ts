import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real servers and AWS emulators need seconds to start; every wait in a test is bounded by a condition of its own.
    testTimeout: 30_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    restoreMocks: true,
    unstubEnvs: true,
    coverage: {
      provider: 'v8',
      include: ['lambda/**', 'infra/**'],
      exclude: ['**/*.md', '**/*.yaml'],
      thresholds: { lines: 90, branches: 85 },
    },
  },
});
