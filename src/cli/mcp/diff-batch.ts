// `ringfence mcp diff --batch` (DESIGN 5): lines `{id, before, after}` in, one line `{id, changed, fields}` out for each, in order. What cannot be read
// counts as changed.
import {
  changedFields,
  diffDescriptions,
  differences,
  isObject,
  type Json,
  type JsonObject,
  pointerOf,
  readDescription,
  readJson,
  writeJson,
} from "#core/mcp";
import { forTerminalJson } from "#core/text";
import { answerLines, idIn, LINE_MOST } from "../batch-lines.ts";

/** Reads standard input to its end. */
export function mcpDiffBatch(): Promise<void> {
  return answerLines((bytes) => `${forTerminalJson(writeJson(answerTo(bytes)))}\n`);
}

/** The answer to one line. */
function answerTo(bytes: Uint8Array | undefined): JsonObject {
  const unread = (id: Json, error: string): JsonObject => ({ id, changed: true, fields: [], error });
  if (bytes === undefined) return unread(null, "the line is too long");
  const read = readJson(bytes, { maxBytes: LINE_MOST, maxDepth: 192 });
  if (!read.ok) return unread(idIn(bytes), `the line is no strict JSON (${read.error.code})`);
  if (!isObject(read.value)) return unread(null, "the line is no object");
  const { id = null, before = null, after = null } = read.value;
  if (before === null && after === null) return unread(id, "neither `before` nor `after` is there");
  const [was, is] = [readDescription(before ?? []), readDescription(after ?? [])];
  if (!was.ok) return unread(id, `\`before\` ${was.error}`);
  if (!is.ok) return unread(id, `\`after\` ${is.error}`);
  const { changes, information } = diffDescriptions(was.value, is.value);
  return {
    id,
    changed: changes.length > 0,
    fields: changedFields(changes),
    changes: changes.map(({ kind, name, change, was: old, fields }) => ({
      kind,
      name,
      change,
      ...(old === undefined ? {} : { was: old }),
      at: fields.flatMap((field) => differences(field).map(({ at }) => pointerOf(at))),
    })),
    ...(information.length === 0 ? {} : { information }),
  };
}
