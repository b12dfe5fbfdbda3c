// Two projects: `core` is pure and runs anywhere, also inside a fence; `real` uses real namespaces, proxies and programs.
import type { ViteUserConfig } from "vitest/config";

const shared = {
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
};

/** What is waited for comes later on a busy machine. */
const expect = { poll: { timeout: 15_000 } };

const config: ViteUserConfig = {
  ...shared,
  test: {
    reporters: ["default", "./tests/support/closing-line.ts"],
    projects: [
      {
        ...shared,
        test: {
          ...{ name: "core", expect },
          setupFiles: ["./tests/support/seed.ts"],
          include: ["tests/core/**/*.test.ts", "tests/properties/**/*.test.ts"],
          testTimeout: 60_000, // a busy machine is no failure: nothing here measures time
        },
      },
      {
        ...shared,
        test: {
          ...{ name: "real", expect },
          setupFiles: ["./tests/support/seed.ts"],
          include: ["tests/real/**/*.test.ts", "tests/scripts/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          retry: 1, // other people's programs have times of their own, and a busy machine has others; the closing line names what held only then
          sequence: { groupOrder: 1 }, // after `core`: the projects differ in their number of workers, and the pure tests fail faster
        },
      },
    ],
  },
};
export default config;
