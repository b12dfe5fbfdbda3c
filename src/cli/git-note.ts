// A git note at HEAD of a repository that an agent may have written in: nothing of its configuration may start a program.
import { execFileSync } from "node:child_process";
import { err, ok, type Problem, type Result } from "#core";

const GIT = "/usr/bin/git";

/** Where the notes stand: `git log --notes=ringfence` shows them, `git push REMOTE refs/notes/ringfence` shares them. */
const REF = "refs/notes/ringfence";

/** Hooks (a reference transaction has one), the file system monitor, and lazy fetches through a remote's own programs. */
const HARMLESS = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "protocol.allow=never",
  "gc.auto=0",
  "maintenance.auto=false",
];

/** Adds `text` to the note at HEAD of the repository around `folder`. */
export function noteOnHead(folder: string, text: string): Result<undefined, Problem> {
  const settings = HARMLESS.flatMap((setting) => ["-c", setting]);
  try {
    execFileSync(GIT, [...settings, "notes", `--ref=${REF}`, "append", "-F", "-", "HEAD"], {
      cwd: folder,
      input: text,
      // Who the note is by comes from the person's own settings, so their home is all that is handed on.
      env: {
        PATH: "/usr/bin:/bin",
        HOME: process.env["HOME"],
        GIT_ALLOW_PROTOCOL: "none",
        GIT_TERMINAL_PROMPT: "0",
        LC_ALL: "C",
      },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: 20_000,
    });
    return ok(undefined);
  } catch (error) {
    // Without a word of git's own, it was the folder that is not there.
    const said = (error as { stderr?: Buffer }).stderr?.toString().trim().split("\n").at(-1) ?? "no such folder";
    const hint = "name a repository with a commit: `--git-note=FOLDER`";
    return err({ code: "git-note", message: `git keeps no note at HEAD of \`${folder}\`: ${said}`, hint });
  }
}
