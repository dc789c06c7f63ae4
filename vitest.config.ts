import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Tests import the package by its name and run the sources.
    alias: { ridgeline: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
  },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/seeded.ts'],
    // A process per file: an addon that crashes takes down one file, not the run.
    pool: 'forks',
    // By itself it leaves one core without any, which is half of two.
    maxWorkers: '100%',
    env: { ORT_DISABLE_TELEMETRY: '1' },
    testTimeout: 30_000,
  },
});
