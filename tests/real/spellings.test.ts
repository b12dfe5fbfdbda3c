// Spellings of a forbidden `rm`, under the broadest allow there is. Each is first shown to delete the file in a real bash; then none may pass.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { judge } from "../support/judge.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const commands = readFileSync(new URL("../cases/spellings/rm.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line): string => JSON.parse(line).command);

describe("a forbidden rm, spelled otherwise", () => {
  it.for(commands.map((command) => ({ command })))("$command", ({ command }, context) => {
    needs(context, "git", "make", "python3", "vim");
    const folder = tmp();
    const victim = join(folder, "victim");
    writeFileSync(victim, "");
    writeFileSync(join(folder, "notes"), "a line\n");
    const ran = spawnSync("bash", ["-c", command], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"], // with a socket as standard input bash takes itself for a remote shell and reads other files
      env: { PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`, HOME: folder },
    });
    expect(existsSync(victim), `the control: ${ran.stderr}`).toBe(false);
    expect(judge(command, { allow: ["Bash"], deny: ["Bash(rm *)"] }).verdict).not.toBe("allow");
  });
});
