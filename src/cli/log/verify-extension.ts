// `ringfence log verify PROOF` for what `log prove --from` wrote: that a log still holds what an older checkpoint spoke of.
import { readFileSync } from "node:fs";
import { sha256, verifyEd25519 } from "#audit";
import { checkExtension, EXTENSION_HEAD, type ExtensionReport, exitOf, verdictText } from "#core/log";
import { forTerminal } from "#core/text";
import { printJson } from "../print-json.ts";
import { keyField, keyLines, type Trust, verdictFields } from "./verify-answer.ts";

/** The text of a consistency proof; undefined for any other file. */
export function extensionText(file: string): string | undefined {
  const text = readFileSync(file, "utf8");
  return text.startsWith(`${EXTENSION_HEAD}\n`) ? text : undefined;
}

/** Checks the proof and returns the exit code of its verdict; `anchor` is the older checkpoint as somebody kept it, `notes` what others said of that. */
export function verifyExtension(
  text: string,
  trust: Trust,
  given: { readonly anchor: string | undefined; readonly notes: readonly string[]; readonly json: boolean },
): number {
  const { anchor, notes } = given;
  const crypto = { sha256, verify: verifyEd25519 };
  const report = checkExtension(text, { keys: trust.keys, crypto, ...(anchor === undefined ? {} : { anchor }) });
  const exit = exitOf(report.verdict);
  if (given.json) {
    const { verdict, ...rest } = report;
    const document = { ok: exit === 0, exit, key: keyField(trust), ...verdictFields(verdict), ...rest, notes };
    printJson(document, 2);
  } else process.stdout.write(textOf(report, trust, { kept: anchor !== undefined, notes }));
  return exit;
}

function textOf(
  { verdict, origin, from, to }: ExtensionReport,
  trust: Trust,
  { kept, notes }: { readonly kept: boolean; readonly notes: readonly string[] },
): string {
  const lines = [verdictText(verdict)];
  if (origin !== undefined)
    lines.push(
      `  ${origin}: its ${to} records hold the ${from} of the older checkpoint unchanged`,
      kept
        ? "  the older checkpoint is the one that you kept"
        : "  hold it against the checkpoint that you kept: `--anchor FILE`",
    );
  lines.push(...notes.map((note) => `  ${note}`));
  return `${[...lines, ...keyLines(trust)].map((line) => forTerminal(line)).join("\n")}\n`;
}
