// Where the record keeps its files below the state folder.
import { createHash } from "node:crypto";
import { join } from "node:path";

/** Paths of one log and what is remembered about it outside its folder. */
export interface LogPlaces {
  readonly dir: string;
  /** High-water mark: a copy of the last checkpoint in another folder, so that a rolled-back log is seen. */
  readonly mark: string;
  /** Room for the last words on a full disk. */
  readonly reserve: string;
  /** The ledger's shortcut for the next opening; derived, checked against the signed checkpoint before use. */
  readonly resume: string;
}

/** Name of the ledger where a session's id would stand. No session may be called so. */
export const LEDGER = "ledger";

/** Places of a session's log. */
export function sessionPlaces(stateDir: string, session: string): LogPlaces {
  return places(stateDir, join("sessions", session), session);
}

/** Places of the machine's ledger. */
export function ledgerPlaces(stateDir: string): LogPlaces {
  return places(stateDir, LEDGER, LEDGER);
}

/** Places of a log that stands somewhere else (`log append`), by its folder's real path; what is remembered of it stays here. */
export function outsidePlaces(stateDir: string, dir: string): LogPlaces {
  const name = createHash("sha256").update(dir).digest("hex").slice(0, 32);
  const root = join(stateDir, "log", "outside", name);
  return { dir, mark: join(root, "mark"), reserve: join(root, "reserve"), resume: join(root, "resume.json") };
}

function places(stateDir: string, folder: string, name: string): LogPlaces {
  const root = join(stateDir, "log");
  return {
    dir: join(root, folder),
    mark: join(root, "hwm", name),
    reserve: join(root, "reserve", name),
    resume: join(root, "resume", `${name}.json`),
  };
}
