// The secrets that one session looks for in what leaves (NET-9): what its masked files hold, also those that come later, what the broker keeps, and
// what was planted. They are in the supervisor's memory and nowhere else; the record and the agent hear names.
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { LeakSearch, type LeakSecret, Redactor, readSecretFile, SHORTEST } from "#core/leak";
import { unpack } from "#egress";
import { KEY_PART, privateParts } from "./key-material.ts";

/** What they are collected from. */
export interface SessionSecretParts {
  /** Masked files of the host's, absolute, with what a person calls them. */
  readonly files: readonly { readonly path: string; readonly name: string }[];
  /** The broker's, which fetches new ones, and the planted ones. */
  readonly values: () => readonly LeakSecret[];
  /** Values that the policy itself shows inside (`env.pass`, `env.set`): what is shown may be said. */
  readonly shown: readonly string[];
  /** What the agent was given in place of tokens, and looks like some. */
  readonly placeholders: () => readonly string[];
  /** What could not be read, in words. */
  readonly notice: (line: string) => void;
}

/** A growing set. */
export interface SessionSecrets {
  /** Values that are shown inside on purpose. */
  readonly shown: readonly string[];
  /** Whether there is any. */
  readonly hasAny: boolean;
  /** The search over all of them; `undefined` while there is none. Built when it is first asked for. */
  search(): LeakSearch | undefined;
  /** Takes them, and tokens of anybody's, out of what is recorded: an agent that got hold of one may write it into a command. */
  redactor(): Redactor;
  /** Values that only the record must not hold: a setup may send its own. */
  neverRecord(values: readonly LeakSecret[]): void;
  /** A file that was masked during the session. */
  addFile(path: string, name: string): void;
}

const FILE_MOST = 256 * 1024;
/** All values together: a pattern takes sixty times its bytes. */
const BYTES_MOST = 512 * 1024;

/** Collects them. */
export function collectSecrets(parts: SessionSecretParts): SessionSecrets {
  const known = new Map<string, LeakSecret>();
  const unrecorded = new Map<string, LeakSecret>();
  const shown = new Set(parts.shown);
  let bytes = 0;
  let isFull = false;
  let built: LeakSearch | undefined;
  /** Some came since the redactor was made. */
  let isNew = false;
  let redactor: Redactor | undefined;
  let held = 0;
  const add = (values: readonly LeakSecret[]): void => {
    for (const secret of values) {
      const key = Buffer.from(secret.value).toString("latin1");
      if (known.has(key) || shown.has(Buffer.from(secret.value).toString())) continue;
      bytes += secret.value.length;
      if (bytes > BYTES_MOST) {
        if (!isFull)
          parts.notice("more secrets are masked than can be looked for in what leaves: the rest only is masked");
        isFull = true;
        return;
      }
      known.set(key, secret);
      built = undefined;
      isNew = true;
    }
  };
  const addFile = (path: string, name: string): void => {
    const text = read(path);
    if (text === undefined) return;
    const { keys, values } = readSecretFile(text);
    add(values.map(({ name: key, text: value }) => ({ name: `${name}:${key}`, value: Buffer.from(value) })));
    for (const pem of keys)
      add(privateParts(pem).map((value) => ({ name: `${name}:private key`, value, enough: KEY_PART })));
  };
  add(parts.values());
  for (const { path, name } of parts.files) addFile(path, name);
  return {
    shown: parts.shown,
    get hasAny() {
      return known.size > 0;
    },
    search: () => {
      add(parts.values());
      if (known.size === 0) return undefined;
      built ??= new LeakSearch([...known.values()], unpack);
      return built;
    },
    redactor: () => {
      const values = parts.values();
      // None is ever taken away: as many as before are the same ones.
      if (values.length !== held) add(values);
      held = values.length;
      if (redactor === undefined || isNew)
        redactor = new Redactor(
          { secrets: [...known.values(), ...unrecorded.values()], unpack, shown: new Set(parts.placeholders()) },
          redactor,
        );
      isNew = false;
      return redactor;
    },
    neverRecord: (values) => {
      for (const secret of values) {
        const key = Buffer.from(secret.value).toString("latin1");
        if (secret.value.length < SHORTEST || known.has(key) || unrecorded.has(key)) continue;
        unrecorded.set(key, secret);
        isNew = true;
      }
    },
    addFile,
  };
}

/** The beginning of a file as text; `undefined` where it is gone or nobody may read it: then nobody inside can either. */
function read(path: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (!fstatSync(fd).isFile()) return undefined;
    const buffer = Buffer.alloc(FILE_MOST);
    return buffer.toString("utf8", 0, readSync(fd, buffer, 0, buffer.length, 0));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
