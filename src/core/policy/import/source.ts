// What an importer is given: the words that the importers and their caller share.
import type { Problem } from "../../result.ts";
import type { Draft } from "./draft.ts";

/** One file to import. */
export interface ImportSource {
  /** As the person named it; it stands in every line of the result. */
  readonly file: string;
  /** The same file as an absolute path: some rules are relative to where it stands. */
  readonly path: string;
  readonly text: string;
  /** The person's home directory. */
  readonly home: string;
}

/** What an importer gets: the source, and the draft to fill. A problem means the file cannot be read at all. */
export type Importer = (source: ImportSource, draft: Draft) => readonly Problem[];
