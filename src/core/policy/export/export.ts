// A policy → an agent's own form (PERM-7), with a line for everything that the agent cannot enforce. What it cannot enforce, `ringfence run`
// still does: an export is a courtesy for people who start the agent without us.
import type { NativeForm } from "../import/index.ts";
import type { LoadedPolicy } from "../load.ts";
import { exportClaude } from "./claude.ts";
import { exportCodex } from "./codex.ts";
import { exportCopilot } from "./copilot.ts";
import { exportCursor } from "./cursor.ts";
import { exportGemini } from "./gemini.ts";
import { type Exporter, type NativeFile, Report, type Unenforced } from "./native.ts";
import { exportOpenCode } from "./opencode.ts";
import { exportRingfence } from "./ringfence.ts";
import { exportSrt } from "./srt.ts";

/** An exported policy. */
export interface Exported {
  readonly files: readonly NativeFile[];
  readonly unenforced: readonly Unenforced[];
}

/** Forms that can be written: every form that can be read, and our own. */
export type ExportForm = NativeForm | "ringfence";

const EXPORTERS: Readonly<Record<ExportForm, Exporter>> = {
  claude: exportClaude,
  codex: exportCodex,
  srt: exportSrt,
  copilot: exportCopilot,
  gemini: exportGemini,
  opencode: exportOpenCode,
  cursor: exportCursor,
  ringfence: exportRingfence,
};

/** Their names, for the command line. */
export const EXPORT_FORMS: readonly ExportForm[] = Object.keys(EXPORTERS) as readonly ExportForm[];

/** Writes the policy in an agent's form. Total: what has no form there is said, never a failure. */
export function exportPolicy(to: ExportForm, loaded: LoadedPolicy): Exported {
  const report = new Report();
  const { files, holds } = EXPORTERS[to](loaded, report);
  for (const [key, parts] of loaded.merged.parts) {
    if (key === "version" || holds.some((held) => (held.endsWith(".") ? key.startsWith(held) : key === held))) continue;
    for (const part of parts)
      if (part.layer !== "default")
        report.say(typeof part.value === "object" ? key : `${key}: ${part.value}`, part.at, "has no form there");
  }
  return { files, unenforced: report.unenforced };
}
