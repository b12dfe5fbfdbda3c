// Another agent's permissions → a policy of ours, and one line for everything that has no equal (PERM-7). Pure. Nothing loosens in
// silence: where we cannot say the same, the stricter is taken and said.
import { err, ok, type Problem, type Result } from "../../result.ts";
import { loadPolicy } from "../load.ts";
import { importClaude } from "./claude.ts";
import { importCodex } from "./codex.ts";
import { importCopilot } from "./copilot.ts";
import { importCursor } from "./cursor.ts";
import { Draft, type DraftPart, type Unequal } from "./draft.ts";
import { importGemini } from "./gemini.ts";
import { importOpenCode } from "./opencode.ts";
import { printPolicy } from "./print.ts";
import type { Importer, ImportSource } from "./source.ts";
import { importSrt } from "./srt.ts";

/** Longest settings text that is read, in characters. */
export const MAX_IMPORT_CHARACTERS: number = 256 * 1024;

/** An imported policy. */
export interface Imported {
  /** The YAML of a policy file that loads. */
  readonly text: string;
  /** Everything that did not carry over exactly, in the order of the file. */
  readonly unequal: readonly Unequal[];
}

/** Whose files are read and written. */
export type NativeForm = "claude" | "codex" | "srt" | "copilot" | "gemini" | "opencode" | "cursor";

const IMPORTERS: Readonly<Record<NativeForm, Importer>> = {
  claude: importClaude,
  codex: importCodex,
  srt: importSrt,
  copilot: importCopilot,
  gemini: importGemini,
  opencode: importOpenCode,
  cursor: importCursor,
};

/** Their names, for the command line. */
export const NATIVE_FORMS: readonly NativeForm[] = Object.keys(IMPORTERS) as readonly NativeForm[];

/** Imports one file. The result loads as a policy, or there is none. */
export function importPolicy(from: NativeForm, source: ImportSource): Result<Imported, readonly Problem[]> {
  if (source.text.length > MAX_IMPORT_CHARACTERS)
    return err([
      {
        code: "import-unreadable",
        message: `the file is longer than ${MAX_IMPORT_CHARACTERS} characters`,
        at: { file: source.file, line: 1, column: 1 },
        hint: "split it, or import the parts that matter",
      },
    ]);
  const draft = new Draft();
  const problems = IMPORTERS[from](source, draft);
  if (problems.length > 0) return err(problems);
  return settled(draft, [
    `Imported from ${source.file} (${from}) by \`ringfence policy import\`. Read it, then accept it: \`ringfence policy trust\`.`,
    ...(draft.unequal.length > 0
      ? [`${counted(draft.unequal.length)} no equal here or became stricter; the import printed them.`]
      : []),
  ]);
}

/** Loads what was written and takes out, aloud, what this version refuses: an import that does not load would be of no use. */
function settled(draft: Draft, heading: readonly string[]): Result<Imported, readonly Problem[]> {
  let parts: readonly DraftPart[] = draft.parts;
  for (let round = 0; round < 6; round++) {
    const { text, lines } = printPolicy(parts, heading);
    const loaded = loadPolicy([{ name: "user", file: "the imported policy", text, digest: "", trusted: true }]);
    const refused = new Map<DraftPart, Problem>();
    for (const problem of loaded.ok ? loaded.value.notBuilt : loaded.error) {
      const part = lines.get(problem.at?.line ?? 0);
      if (part !== undefined && !refused.has(part)) refused.set(part, problem);
    }
    if (refused.size === 0) {
      if (!loaded.ok) return err(loaded.error);
      const order = [...draft.unequal].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
      return ok({ text, unequal: order });
    }
    parts = parts.flatMap((part) => {
      const problem = refused.get(part);
      return problem === undefined ? [part] : withoutFault(part, problem, draft);
    });
  }
  return err([{ code: "import-unsettled", message: "the imported policy does not load, whatever is left out" }]);
}

/** A refused part: its examples go first, since they may hold there and not here; only then the whole of it. */
function withoutFault(part: DraftPart, problem: Problem, draft: Draft): readonly DraftPart[] {
  const { value, key, at } = part;
  if (typeof value === "object" && value !== null && "rule" in value) {
    draft.say(
      String(value.rule),
      at,
      "carries examples there",
      `kept without them, since they do not hold here: ${problem.message}`,
    );
    return [{ ...part, value: value.rule }];
  }
  const name = typeof value === "string" ? value : JSON.stringify(value);
  draft.say(`${key}: ${name}`, at, "would stand in the policy", `left out: ${problem.message}`);
  return [];
}

function counted(things: number): string {
  return things === 1 ? "1 thing has" : `${things} things have`;
}
