// Small texts of a log's folder (notes, all of them), read strictly: bounded, never through a link, valid UTF-8.
import { readWhole } from "../derived.ts";
import { Unreadable } from "../open-file.ts";
import { tampered } from "./finding.ts";

/** The text of a file of the log. Throws `Unreadable`, or a finding when it is no text. */
export function textOf(dir: string, file: string): string {
  const bytes = readWhole(dir, file);
  const text = bytes.toString("utf8");
  if (!Buffer.from(text, "utf8").equals(bytes)) throw tampered("sig", { seq: 0, file });
  return text;
}

/** The same; undefined when there is no such file. */
export function textIfAny(dir: string, file: string): string | undefined {
  try {
    return textOf(dir, file);
  } catch (error) {
    if (error instanceof Unreadable && error.reason === "absent") return undefined;
    throw error;
  }
}
