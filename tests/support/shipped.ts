// Runtimes that npm and Debian carry as programs, at pinned versions: fetched once into a folder of their own, never a dependency of the project.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { ownFolder } from "./agents.ts";
import { needs } from "./needs.ts";

/** One of them. */
export interface Shipped {
  /** A package of npm's with its version, or one of Debian's. */
  readonly npm?: string;
  readonly debian?: string;
  /** The program's path within it. */
  readonly program: string;
}

/** Where it lies. Skips the test, with the reason, where it cannot be had. */
export function shipped(context: TestContext, { npm, debian, program }: Shipped): string {
  context.skip(process.arch !== "x64", `needs x64: these programs are fetched for it`);
  const cache = ownFolder(`/var/tmp/ringfence-test-runtimes-${process.getuid?.() ?? 0}`);
  const folder = join(cache, (npm ?? debian ?? "").replace(/[@/]+/g, "-"));
  const file = join(folder, program);
  if (existsSync(file)) return file;
  if (npm !== undefined) needs(context, "registry");
  // Renamed when whole, so that an interrupted one leaves nothing that looks done.
  const fresh = mkdtempSync(join(cache, "new-"));
  try {
    if (npm !== undefined) fromNpm(npm, fresh);
    else fromDebian(debian ?? "", fresh);
    if (!existsSync(folder)) renameSync(join(fresh, "files"), folder);
  } catch (error) {
    context.skip(true, `needs ${npm ?? debian}: ${(error as Error).message.split("\n", 2).join(" ")}`);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  chmodSync(file, 0o755); // npm's archives do not always say that it is a program
  return file;
}

/** The archive alone, whose digest npm compares: none of the package's own scripts runs. */
function fromNpm(spec: string, folder: string): void {
  const run = { cwd: folder, stdio: "pipe", timeout: 120_000 } as const;
  mkdirSync(join(folder, "files"));
  execFileSync("npm", ["pack", "--silent", spec], run);
  execFileSync("sh", ["-c", "tar xzf *.tgz --strip-components=1 -C files && chmod -R a+rX files"], run);
}

function fromDebian(name: string, folder: string): void {
  const run = { cwd: folder, stdio: "pipe", timeout: 120_000 } as const;
  execFileSync("apt-get", ["download", "-q", name], run);
  execFileSync("sh", ["-c", "dpkg-deb -x *.deb files && chmod -R a+rX files"], run);
}
