// Checking one log with nothing but its folder and a public key: every line, every hash, every signature, then what others
// remember of it (ledger, high-water mark, an anchor kept elsewhere). Both chain and tree are checked over every record.
import {
  type Checkpoint,
  type LogVerdict,
  openCertificate,
  openCheckpoint,
  openTree,
  parseVerifierKey,
  readLeaf,
  toHex,
  type VerifierKey,
} from "#core/log";
import { sha256, verifyEd25519 } from "./crypto.ts";
import { type BlobUse, checkBlobs, checkTiles, filesBelow, readWhole } from "./derived.ts";
import { Leaves } from "./leaves.ts";
import { type Scan, scanLog, Unreadable } from "./scan.ts";

/** What somebody outside the folder remembers of the log. */
export interface Remembered {
  /** From the ledger's entries, for a session. */
  readonly ledger?: {
    readonly session: string;
    readonly key: string;
    readonly first: string;
    readonly closed?: { readonly size: number; readonly root: string };
  };
  /** Text of the high-water mark; `null` when it should be there and is not. */
  readonly mark?: string | null;
  /** Text of a checkpoint that a person kept. */
  readonly anchor?: string;
}

/** What a verifier has to say about one log. */
export interface LogReport {
  readonly dir: string;
  /** The session, or `ledger`. */
  readonly name: string;
  readonly verdict: LogVerdict;
  readonly records: number;
  /** Records under a signature. */
  readonly sealed: number;
  readonly root?: string;
  /** The trusted key that the signatures lead to. */
  readonly signedBy?: string;
  readonly closed: boolean;
  /** `anchored` when a checkpoint from outside was given and fits; otherwise nobody can know whether the end was cut. */
  readonly freshness: "unproven" | "anchored";
  readonly notes: readonly string[];
}

/** What is handed in besides the folder. */
export interface VerifyOptions {
  /** Machine keys that are trusted (or, for a session, its own key). */
  readonly keys: readonly VerifierKey[];
  readonly remembered?: Remembered;
  /** Sees every record that may matter to others (`session.*`, `recovery`), in order. */
  readonly onRecord?: (record: NonNullable<ReturnType<typeof readLeaf>>) => void;
}

/** Verifies the log in `dir`. Never throws for anything the folder holds. */
export function verifyLog(dir: string, options: VerifyOptions): LogReport {
  const check = new Check(dir, options);
  try {
    check.run();
  } catch (error) {
    if (error instanceof Verdict) check.verdict = error.verdict;
    else if (error instanceof Unreadable) check.verdict = verdictOf(error);
    else throw error;
  }
  return check.report();
}

/** Carries the first verdict that applies out of the middle of a check. */
class Verdict extends Error {
  readonly verdict: LogVerdict;
  constructor(verdict: LogVerdict) {
    super(verdict.word);
    this.verdict = verdict;
  }
}

function verdictOf({ reason, path, message }: Unreadable): LogVerdict {
  if (reason === "alien") return { word: "TAMPERED", kind: "framing", seq: 0, file: path };
  if (reason === "absent") return { word: "INCOMPLETE", what: path };
  return { word: "UNREADABLE", what: `${path}: ${message}` };
}

interface Signed extends Checkpoint {
  readonly file: string;
}

class Check {
  verdict: LogVerdict = { word: "OK" };
  readonly #dir: string;
  readonly #options: VerifyOptions;
  readonly #leaves = new Leaves();
  readonly #roots = new Map<number, string>();
  readonly #blobs: BlobUse[] = [];
  readonly #notes: string[] = [];
  #scan: Scan | undefined;
  #name = "";
  #signedBy: string | undefined;
  #sealed = 0;
  #lastType = "";
  #recovered = 0;
  #firstKey: unknown;

  constructor(dir: string, options: VerifyOptions) {
    this.#dir = dir;
    this.#options = options;
  }

  run(): void {
    if (this.#options.keys.length === 0) throw new Verdict({ word: "INCOMPLETE", what: "a public key to trust" });
    const { signer, session } = this.#identify();
    this.#name = session ?? "ledger";
    const checkpoint = this.#open("checkpoint", this.#text("checkpoint"), signer);
    const kept = this.#kept(signer);
    const outside = this.#outside(signer);
    const scan = this.#read(session, [checkpoint, ...kept, ...outside.all]);
    this.#checkFault(scan, checkpoint);
    for (const known of [checkpoint, ...kept]) this.#compare(known, "checkpoint", scan);
    this.#sealed = Math.max(checkpoint.size, ...kept.map(({ size }) => size));
    this.#checkLedger(scan, checkpoint, signer);
    if (outside.mark !== undefined) this.#checkMark(scan, outside.mark);
    if (outside.anchor !== undefined) this.#compare(outside.anchor, "anchor", scan);
    this.#checkBeside();
    this.#conclude(scan);
  }

  report(): LogReport {
    const scan = this.#scan;
    return {
      dir: this.#dir,
      name: this.#name,
      verdict: this.verdict,
      records: scan?.size ?? 0,
      sealed: this.#sealed,
      ...(scan === undefined ? {} : { root: toHex(openTree(sha256, scan.frontier).root()) }),
      ...(this.#signedBy === undefined ? {} : { signedBy: this.#signedBy }),
      closed: this.#lastType === "session.close",
      freshness: this.#options.remembered?.anchor === undefined ? "unproven" : "anchored",
      notes: this.#notes,
    };
  }

  /** Which key may sign checkpoints here: the session key that a trusted machine key certified, or the machine key itself. */
  #identify(): { signer: VerifierKey; session?: string } {
    const { keys, remembered } = this.#options;
    const note = this.#textIfAny("certificate");
    if (note === undefined) return this.#identifyLedger();
    const opened = openCertificate(note, keys, { sha256, verify: verifyEd25519 });
    if (!opened.ok) {
      const own = this.#ownKey(note);
      if (own !== undefined && opened.fault === "unknown-key") return own;
      throw this.#badSignature(opened.fault, "certificate", note);
    }
    const { certificate, by } = opened;
    const { session, key } = certificate;
    this.#name = session;
    if (key.name !== `${by.name}/${session}`) throw tampered("sig", 0, "certificate");
    if (remembered?.ledger !== undefined && remembered.ledger.session !== session)
      throw tampered("fork", 0, "certificate");
    this.#signedBy = by.name;
    return { signer: key, session };
  }

  /** A person may trust the session's key itself instead of the machine's. */
  #ownKey(note: string): { signer: VerifierKey; session: string } | undefined {
    const session = /^session (\S+)$/m.exec(note)?.[1];
    const key = this.#options.keys.find(({ name }) => session !== undefined && name.endsWith(`/${session}`));
    if (session === undefined || key === undefined) return undefined;
    this.#signedBy = key.name;
    return { signer: key, session };
  }

  #identifyLedger(): { signer: VerifierKey } {
    const origin = this.#text("checkpoint").split("\n", 1)[0] ?? "";
    if (this.#options.remembered?.ledger !== undefined || origin.includes("/"))
      throw new Verdict({ word: "INCOMPLETE", what: "certificate" });
    const key = this.#options.keys.find(({ name }) => name === origin);
    if (key === undefined) throw this.#badSignature("unknown-key", "checkpoint", this.#text("checkpoint"));
    this.#signedBy = key.name;
    return { signer: key };
  }

  #badSignature(fault: string, file: string, note: string): Verdict {
    if (fault !== "unknown-key") return tampered("sig", 0, file);
    const key = /^\u2014 (\S+) /m.exec(note)?.[1] ?? "none";
    return new Verdict({ word: "UNTRUSTED_KEY", key, file });
  }

  #open(file: string, note: string, signer: VerifierKey): Signed {
    const opened = openCheckpoint(note, [signer], verifyEd25519);
    if (!opened.ok) throw this.#badSignature(opened.fault, file, note);
    if (opened.checkpoint.origin !== signer.name) throw tampered("sig", 0, file);
    return { ...opened.checkpoint, file };
  }

  #kept(signer: VerifierKey): Signed[] {
    return filesBelow(this.#dir, "checkpoints").map((file) => {
      const signed = this.#open(file, this.#text(file), signer);
      if (file !== `checkpoints/${signed.size}`) throw tampered("sig", signed.size, file);
      return signed;
    });
  }

  #outside(signer: VerifierKey): { mark?: Signed; anchor?: Signed; all: Signed[] } {
    const { mark, anchor } = this.#options.remembered ?? {};
    const found = {
      ...(mark === undefined || mark === null ? {} : { mark: this.#open("high-water mark", mark, signer) }),
      ...(anchor === undefined ? {} : { anchor: this.#open("anchor", anchor, signer) }),
    };
    return { ...found, all: Object.values(found) };
  }

  #read(session: string | undefined, known: readonly Signed[]): Scan {
    const wanted = new Set(known.map(({ size }) => size));
    const closedAt = this.#options.remembered?.ledger?.closed?.size;
    if (closedAt !== undefined) wanted.add(closedAt);
    this.#scan = scanLog(this.#dir, {
      ...(session === undefined ? {} : { session }),
      onLine: (view, line, tree) => {
        this.#leaves.add(line.leaf);
        if (wanted.has(tree.size)) this.#roots.set(tree.size, toHex(tree.root()));
        this.#lastType = view.type;
        this.#look(view.type, view.seq, line.bytes);
      },
    });
    return this.#scan;
  }

  /** Only a few records say something about the log itself; the others are not even parsed. */
  #look(type: string, seq: number, lineBytes: () => Uint8Array): void {
    const bytes = lineBytes() as Buffer;
    if (bytes.includes('{"$blob":"')) {
      const text = bytes.toString("latin1");
      for (const match of text.matchAll(/\{"\$blob":"([0-9a-f]{64})","bytes":(\d+)\}/g))
        this.#blobs.push({ digest: match[1] ?? "", bytes: Number(match[2]), seq });
    }
    if (!type.startsWith("session.") && type !== "recovery") return;
    const record = readLeaf(bytes);
    if (record === undefined) return;
    if (seq === 0) this.#firstKey = record.data["key"];
    if (type === "recovery") this.#recovered += Number(record.data["cut_bytes"]);
    this.#options.onRecord?.(record);
  }

  #checkFault(scan: Scan, checkpoint: Checkpoint): void {
    const { fault } = scan;
    if (fault === undefined) return;
    const closed = this.#lastType === "session.close" || this.#options.remembered?.ledger?.closed !== undefined;
    const { kind, seq, file, offset, torn } = fault;
    if (torn === undefined || closed || !torn.plausible || scan.size < checkpoint.size) {
      if (torn !== undefined && scan.size < checkpoint.size && torn.plausible)
        throw new Verdict({ word: "TRUNCATED", have: scan.size, want: checkpoint.size, source: "checkpoint" });
      const named = torn !== undefined && scan.size < checkpoint.size ? "framing" : kind;
      throw new Verdict({ word: "TAMPERED", kind: named, seq, file, offset });
    }
    this.#notes.push(
      `${torn.bytes} bytes of an unfinished record at the end of ${file}: written when the session was cut off`,
    );
  }

  #compare(known: Signed, source: string, scan: Scan): void {
    if (known.size > scan.size) {
      const word = source === "high-water mark" ? "ROLLBACK" : "TRUNCATED";
      throw new Verdict({ word, have: scan.size, want: known.size, source });
    }
    if (known.size > 0 && this.#roots.get(known.size) === toHex(known.root)) return;
    if (source !== "checkpoint") throw tampered("fork", Math.max(0, known.size - 1), known.file);
    throw this.#rootDiffers(known);
  }

  /** The tree is not the signed one although the chain holds: the last record, or everything behind some record, is new. */
  #rootDiffers(known: Signed): Verdict {
    const byTile = checkTiles(this.#dir, this.#leaves, false);
    if (byTile?.word === "TAMPERED" && byTile.kind === "root" && byTile.seq < known.size)
      return tampered("edit", byTile.seq, known.file);
    return tampered("root", Math.max(0, known.size - 1), known.file);
  }

  #checkLedger(scan: Scan, checkpoint: Checkpoint, signer: VerifierKey): void {
    const ledger = this.#options.remembered?.ledger;
    if (this.#name !== "ledger" && !this.#isKey(this.#firstKey, signer)) throw tampered("sig", 0, "certificate");
    if (ledger === undefined) return;
    if (!this.#isKey(ledger.key, signer) || toHex(this.#leaves.tile(0, 0, 1)) !== ledger.first)
      throw tampered("fork", 0, "certificate");
    const { closed } = ledger;
    if (closed === undefined) {
      this.#notes.push("the ledger has no close of this session: it runs still, or was killed");
      return;
    }
    const { size, root } = closed;
    if (scan.size < size) throw new Verdict({ word: "TRUNCATED", have: scan.size, want: size, source: "ledger" });
    if (scan.size > size) throw tampered("trailing", size, "log");
    if (this.#roots.get(size) !== root) throw tampered("root", size - 1, "log");
    if (checkpoint.size < size && this.#lastType === "session.close")
      throw new Verdict({ word: "ROLLBACK", have: checkpoint.size, want: size, source: "ledger" });
    this.#sealed = Math.max(this.#sealed, size);
  }

  #isKey(vkey: unknown, signer: VerifierKey): boolean {
    const key = typeof vkey === "string" ? parseVerifierKey(sha256, vkey) : undefined;
    return key?.name === signer.name && key.id === signer.id && toHex(key.publicKey) === toHex(signer.publicKey);
  }

  #checkMark(scan: Scan, mark: Signed): void {
    this.#compare(mark, "high-water mark", scan);
    this.#sealed = Math.max(this.#sealed, mark.size);
  }

  #checkBeside(): void {
    const complete = this.#lastType === "session.close" && this.#name !== "ledger";
    const bad = checkTiles(this.#dir, this.#leaves, complete) ?? checkBlobs(this.#dir, this.#blobs);
    if (bad !== undefined) throw new Verdict(bad);
  }

  #conclude(scan: Scan): void {
    const unsealed = scan.size - this.#sealed;
    if (unsealed > 0) this.verdict = { word: "OK_UNSEALED_TAIL", records: unsealed };
    else if (this.#recovered > 0) this.verdict = { word: "RECOVERED", bytes: this.#recovered };
    // What was never closed has nobody but its mark to say how far it had come.
    const { mark, ledger } = this.#options.remembered ?? {};
    if (mark === null && ledger?.closed === undefined) this.verdict = { word: "INCOMPLETE", what: "high-water mark" };
  }

  #text(file: string): string {
    // Latin-1 keeps each byte apart; only what is valid UTF-8 may stand for its text.
    const bytes = readWhole(this.#dir, file);
    const text = bytes.toString("utf8");
    if (!Buffer.from(text, "utf8").equals(bytes)) throw tampered("sig", 0, file);
    return text;
  }

  #textIfAny(file: string): string | undefined {
    try {
      return this.#text(file);
    } catch (error) {
      if (error instanceof Unreadable && error.reason === "absent") return undefined;
      throw error;
    }
  }
}

function tampered(kind: "sig" | "fork" | "root" | "edit" | "trailing", seq: number, file: string): Verdict {
  return new Verdict({ word: "TAMPERED", kind, seq, file });
}
