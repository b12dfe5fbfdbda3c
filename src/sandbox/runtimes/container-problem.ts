// What podman, conmon or crun complained about, as a Problem. Their words, because nobody knows better; the hint is ours.
import type { Problem } from "#core";
import { forTerminal } from "#core/text";

const CAUSES: readonly { readonly says: RegExp; readonly hint: string }[] = [
  {
    says: /no such (file|option)|unknown flag|unknown shorthand/i,
    hint: "this podman is too old for the container runtime: 4.3 (Debian 12) or later is needed",
  },
  {
    says: /conmon/i,
    hint: "sudo apt-get install -y conmon",
  },
  {
    says: /not permitted|denied/i,
    hint: "unprivileged user namespaces are needed: run `ringfence doctor` for the command that allows them",
  },
];

/** The last line of the complaint is the one that says why. */
export function containerProblem(complaint: string): Problem {
  const line =
    complaint
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^Error: /, "") ?? "";
  return {
    code: "sandbox-container",
    message:
      line === ""
        ? "podman ended before the container was made"
        : `podman could not make the container: ${forTerminal(line, { max: 300 })}`,
    hint: CAUSES.find(({ says }) => says.test(line))?.hint ?? "run `ringfence doctor`",
  };
}
