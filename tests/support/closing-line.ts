// Ends every run with one plain line (`12 passed, 0 failed, 1 skipped`), the list of what was not proved here and why, and of what held only when it was
// asked again: a race in a test, or in what it tests.
import type { Reporter, TestModule } from "vitest/node";

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    const skipped: string[] = [];
    const again: string[] = [];
    for (const module of modules) {
      if (module.errors().length > 0) count.failed += 1;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") {
          count.passed += 1;
          if (test.diagnostic()?.flaky === true)
            again.push(`  ${test.fullName}: ${result.errors?.[0]?.message.split("\n")[0] ?? "no error"}`);
        } else if (result.state === "failed") count.failed += 1;
        else {
          count.skipped += 1;
          const note = result.state === "skipped" ? result.note : undefined;
          skipped.push(`  ${test.fullName}: ${note ?? "no reason given"}`);
        }
      }
    }
    if (skipped.length > 0) process.stdout.write(`\nnot proved here:\n${skipped.join("\n")}\n`);
    if (again.length > 0) process.stdout.write(`\nheld only when asked again:\n${again.join("\n")}\n`);
    process.stdout.write(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
  }
}
