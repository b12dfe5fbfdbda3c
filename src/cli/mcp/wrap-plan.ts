// What wrapping or unwrapping one client's file would do, as data that can be shown and applied (STYLE 8).
import { err, ok, type Problem, type Result } from "#core";
import { type ClientFile, type EntryOutcome, type Rewritten, unwrapText, wrapText } from "#core/mcp";
import { sha256 } from "../install-record.ts";
import { readSettingsFile, type SettingsFile, settingsText } from "../settings-file.ts";
import { readWrapRecord, type WrapRecord, wrapRecordPath } from "./wrap-record.ts";

/** One file's change. */
export interface ClientPlan {
  readonly place: ClientFile;
  readonly file: SettingsFile;
  readonly after: Buffer;
  readonly outcomes: readonly EntryOutcome[];
  readonly recordPath: string;
  /** What is remembered from then on. */
  readonly record: WrapRecord;
  /** Without our words it is what it was when it was first wrapped, to the last byte; undefined when nothing is remembered of it. */
  readonly asBefore: boolean | undefined;
}

/** What is wanted of a file. */
export interface PlanChoice {
  readonly act: "wrap" | "unwrap";
  readonly servers: readonly string[];
  /** The absolute path of Ringfence. */
  readonly program: string;
  readonly stateDir: string;
}

/** The plan of one file. */
export function planClientFile(place: ClientFile, choice: PlanChoice): Result<ClientPlan, Problem> {
  const file = readSettingsFile(place);
  if (!file.ok) return file;
  const { path, bytes, links } = file.value;
  // A rename would leave the other name with the old text.
  if (links > 1) return err(hardLinked(path, links));
  const text = settingsText(bytes, path);
  if (!text.ok) return text;
  const recordPath = wrapRecordPath(choice.stateDir, place.client, path);
  const known = readWrapRecord(recordPath);
  const given = { client: place.client, text: text.value, file: path, hints: known?.entries ?? [] };
  const bare = unwrapText(given, []);
  if (!bare.ok) return bare;
  const rewritten: Result<Rewritten, Problem> =
    choice.act === "wrap"
      ? wrapText(given, choice)
      : choice.servers.length === 0
        ? bare
        : unwrapText(given, choice.servers);
  if (!rewritten.ok) return rewritten;
  const { text: after, outcomes, hints } = rewritten.value;
  const before = sha256(Buffer.from(bare.value.text));
  return ok({
    place,
    file: file.value,
    after: Buffer.from(after),
    outcomes,
    recordPath,
    record: { v: 1, client: place.client, path, before, entries: hints },
    asBefore: known === undefined ? undefined : known.before === before,
  });
}

/** True when the file is already as the plan wants it. */
export function isDone({ file, after }: ClientPlan): boolean {
  return file.bytes === undefined || file.bytes.equals(after);
}

function hardLinked(path: string, links: number): Problem {
  return {
    code: "settings-file",
    message: `\`${path}\` is not changed: it has ${links} names (hard links), and only this one would be`,
    hint: "make it a file of its own: `cp` it aside and move the copy over it",
  };
}
