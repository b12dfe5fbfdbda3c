// A folder of its own for every test, gone with it. The path is real (no link in it), because the fence shows real paths.
import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Makes an empty folder, mode 0755, and removes it when the running test has finished. */
export function tmp(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-test-")));
  // mkdtemp gives 0700; an ordinary user made by tests/support/user.ts must get in.
  chmodSync(folder, 0o755);
  onTestFinished(() => removeTree(folder));
  return folder;
}

/** Removes a tree even where a mode forbids it: overlayfs leaves a folder of mode 000 in its work folder. */
export function removeTree(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    openUp(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

function openUp(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) openUp(join(folder, entry.name));
  }
}
