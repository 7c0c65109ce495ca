import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'plugins/**/*.test.ts'],
    // Most of the time of the slow ones is waiting for processes: one worker for each of two cores.
    maxWorkers: 2,
    // No test replaces a module: loading them anew for each file took as long as the tests.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: true,
  },
})
