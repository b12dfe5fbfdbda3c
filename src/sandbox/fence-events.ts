// What the helper says (native/control.c): lines of words, percent-encoded. And what a failed step means to a person.
import type { Readable } from "node:stream";
import type { Problem } from "#core";

/** A line longer than this is not the helper's. */
const LINE_MOST = 65_536;

/** Calls `take` for each complete line of the stream: its first word and its decoded fields. */
export function readEvents(stream: Readable, take: (word: string, fields: readonly string[]) => void): void {
  let rest = "";
  stream.setEncoding("latin1");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = (lines.pop() ?? "").slice(0, LINE_MOST);
    for (const line of lines) {
      const [word = "", ...fields] = line.split(" ");
      take(word, fields.map(decodeField));
    }
  });
}

/** A field of hostile text as `readEvents` reads it, and as the helper does. */
export function encodeField(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) =>
      byte <= 0x20 || byte === 0x25 || byte >= 0x7f
        ? `%${byte.toString(16).padStart(2, "0")}`
        : String.fromCharCode(byte),
    )
    .join("");
}

function decodeField(field: string): string {
  const latin = field.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(latin, "latin1").toString("utf8");
}

const NO_NAMESPACES =
  /No permissions to create (a )?new namespace|setting up uid map|Creating new namespace failed|Operation not permitted/;

/** A step of the set-up that failed, as a Problem with its cause and what to do. */
export function fenceProblem(step: string, cause: string, detail: string): Problem {
  const code = `sandbox-${step}`;
  if (step === "bwrap") return bubblewrapProblem(code, detail);
  const message = `the fence could not be made: ${step} \`${detail}\`${cause === "-" ? "" : `: ${cause}`}`;
  if (/not permitted|denied/i.test(cause)) {
    return {
      code,
      message,
      hint: "a security module may have taken the helper's capabilities (Ubuntu's AppArmor does): run `ringfence doctor`",
    };
  }
  if (step === "landlock" && cause === "Function not implemented")
    return {
      code,
      message: "the policy says `sandbox.landlock: require`, and this kernel has no Landlock",
      hint: "boot a kernel of 5.19 or later with `landlock` among its security modules, or take the line out",
    };
  if (step === "seccomp")
    return { code, message, hint: "the kernel must have CONFIG_SECCOMP_FILTER: run `ringfence doctor`" };
  if (step === "overlay" && cause === "Invalid argument")
    return {
      code,
      message,
      hint: "is something mounted below the workspace (`findmnt` lists it)? Then unmount it, or take `--workspace direct`",
    };
  return { code, message, hint: "run `ringfence doctor`" };
}

/** A further command that could not be started, as a Problem of that command alone. */
export function furtherProblem(step: string, cause: string, detail: string): Problem {
  const why = cause === "-" ? "" : `: ${cause}`;
  if (step === "chdir")
    return {
      code: "exec-directory",
      message: `the directory \`${detail}\` cannot be entered inside the session${why}`,
      hint: "go to a folder of the session's workspace",
    };
  if (step === "request")
    return {
      code: "exec-request",
      message: `the session does not take this command: ${detail}`,
      hint: "let other commands of this session end first",
    };
  return {
    code: "exec-start",
    message: `the command could not be started in the session: ${step} \`${detail}\`${why}`,
  };
}

function bubblewrapProblem(code: string, complaint: string): Problem {
  const line =
    complaint
      .split("\n")
      .at(-1)
      ?.replace(/^bwrap: /, "") ?? "";
  const message =
    line === "" ? "bubblewrap ended before the fence was made" : `bubblewrap could not make the fence: ${line}`;
  return NO_NAMESPACES.test(complaint)
    ? {
        code,
        message,
        hint: "unprivileged user namespaces are needed: run `ringfence doctor` for the command that allows them",
      }
    : { code, message, hint: "run `ringfence doctor`" };
}
