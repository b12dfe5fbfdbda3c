// The steps of one verification, in their order: whose keys may speak here, every signature, every line and hash, then what
// others remember (ledger, high-water mark, anchors). Chain and tree are both checked over every record.
import { type LogVerdict, parseVerifierKey, toHex } from "#core/log";
import { differingTwin } from "../compress.ts";
import { sha256 } from "../crypto.ts";
import { checkBlobs, checkTiles, filesBelow, firstTileDifference, strangeNames } from "../derived.ts";
import { Unreadable } from "../open-file.ts";
import { judgeAnchors } from "./anchors.ts";
import { judgeEpochs } from "./epochs.ts";
import { Finding, incomplete, tampered, verdictOf } from "./finding.ts";
import { isClosed, isEnded, type Records, readRecords, recoveredBytes } from "./records.ts";
import { emptied, isEmptied, judgeLedgerWord, judgeMark, judgeSeen, seenFiles, sizeOfMark } from "./remembered.ts";
import type { LogReport, VerifyOptions } from "./report.ts";
import { findSigners, type Signers, sameKey } from "./signers.ts";
import { judgeStatements, openStatement, ownStatements, type Statement, type Tree } from "./statements.ts";
import { textIfAny, textOf } from "./texts.ts";

/** What was read before the lines: a log that is being written may only have grown meanwhile. */
export interface Begun {
  readonly signers: Signers;
  readonly own: readonly Statement[];
  readonly tiles: readonly string[];
}

/** One verification: `begin` reads the notes, `finish` judges the lines. Neither throws for anything the folder holds. */
export class Check {
  readonly #dir: string;
  readonly #options: VerifyOptions;
  readonly #notes: string[] = [];
  #verdict: LogVerdict = { word: "OK" };
  #checkpoint: string | undefined;
  #signers: Signers | undefined;
  #records: Records | undefined;
  #sealed = 0;
  #freshness: LogReport["freshness"] = "unproven";

  constructor(dir: string, options: VerifyOptions) {
    this.#dir = dir;
    this.#options = options;
  }

  /** Undefined when the verdict is there already. */
  begin(): Begun | undefined {
    return this.#attempt(() => {
      const dir = this.#dir;
      const { mark } = this.#options.remembered ?? {};
      if (typeof mark === "string" && isEmptied(dir)) throw emptied(mark);
      this.#checkpoint = textOf(dir, "checkpoint");
      const signers = findSigners(dir, this.#options);
      this.#signers = signers;
      this.#notes.push(...signers.notes);
      const own = this.#ownStatements(signers, this.#checkpoint);
      return { signers, own, tiles: filesBelow(dir, "tile") };
    });
  }

  /** Judges what `read` gives back. */
  finish(begun: Begun, read: () => Records): void {
    const verdict = this.#attempt(() => this.#judge(begun, read()));
    if (verdict !== undefined) this.#verdict = verdict;
  }

  report(): LogReport {
    const verdict = this.#verdict;
    const records = this.#records;
    const size = records?.at.size ?? 0;
    return {
      dir: this.#dir,
      name: this.#signers?.session ?? (this.#signers === undefined ? "" : "ledger"),
      verdict,
      records: size,
      sealed: this.#sealed,
      ...(records === undefined ? {} : { root: records.leaves.rootAt(size) }),
      ...(this.#signers === undefined ? {} : { signedBy: this.#signers.trusted.name }),
      epochs: this.#signers?.epochs.length ?? 0,
      closed: records !== undefined && this.#isClosed(records),
      ended: records !== undefined && this.#isDone(records),
      freshness: this.#freshness,
      notes: this.#notes,
    };
  }

  /** True when nothing was signed since the check began. */
  unchanged(): boolean {
    try {
      return textIfAny(this.#dir, "checkpoint") === this.#checkpoint;
    } catch {
      return true;
    }
  }

  #attempt<T>(step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      if (error instanceof Finding) this.#verdict = error.verdict;
      else if (error instanceof Unreadable) this.#verdict = verdictOf(error);
      else throw error;
      return undefined;
    }
  }

  #judge({ signers, own, tiles }: Begun, records: Records): LogVerdict {
    const dir = this.#dir;
    this.#records = records;
    const { ledger, mark, anchor } = this.#options.remembered ?? {};
    const signed = Math.max(...own.map(({ size }) => size), typeof mark === "string" ? sizeOfMark(signers, mark) : 0);
    for (const { seq, record } of records.controls) if (seq < signed) this.#options.onRecord?.(record);
    const { size } = records.at;
    const tree: Tree = {
      size,
      rootAt: (at) => records.leaves.rootAt(at),
      tileDiffers: () => firstTileDifference(dir, tiles, records.leaves),
    };
    const torn = this.#judgeLines(own, records);
    this.#sealed = judgeStatements(own, tree);
    this.#expectAll(own, size);
    if (signers.session !== undefined) expectNothingBehindClose(records, this.#sealed);
    this.#notes.push(...judgeEpochs(signers.epochs, records, this.#sealed));
    this.#judgeKeys(signers, records);
    if (ledger !== undefined) {
      const last = own[0]?.size ?? 0;
      this.#notes.push(...judgeLedgerWord(ledger, { records, tree, last }));
      this.#sealed = Math.max(this.#sealed, ledger.closed?.size ?? 0);
    }
    if (typeof mark === "string") this.#sealed = Math.max(this.#sealed, judgeMark(signers, mark, tree));
    for (const file of seenFiles(dir)) judgeSeen(signers, { file, note: textOf(dir, file) }, tree);
    if (anchor !== undefined) {
      const witnesses = this.#options.witnesses ?? [];
      const { freshness, notes } = judgeAnchors(signers, { text: anchor, witnesses }, tree);
      this.#freshness = freshness;
      this.#notes.push(...notes);
    }
    this.#judgeBeside(tiles, records);
    // What was never closed has nobody but its mark to say how far it had come.
    if (mark === null && ledger?.closed === undefined) throw incomplete("high-water mark");
    return this.#conclude(records, torn);
  }

  /** The folder's statements. A key that only records name is that of a note that was taken away, not a stranger's. */
  #ownStatements(signers: Signers, checkpoint: string): Statement[] {
    try {
      return ownStatements(this.#dir, signers, checkpoint);
    } catch (error) {
      if (!(error instanceof Finding) || error.verdict.word !== "UNTRUSTED_KEY") throw error;
      const { file } = error.verdict;
      const named = readRecords(this.#dir, signers.session)
        .controls.filter(({ record }) => record.type.startsWith("epoch."))
        .map(({ record }) => parseVerifierKey(sha256, String(record.data["next"] ?? record.data["key"] ?? "")))
        .filter((key) => key !== undefined)
        .map((key) => ({ epoch: 0, from: 0, key, start: "", reopened: false }));
      const known = { ...signers, epochs: [...signers.epochs, ...named] };
      openStatement(known, textOf(this.#dir, file), { file, source: "checkpoint" });
      throw incomplete(`epochs/${signers.epochs.length}`);
    }
  }

  /** Bytes of a torn end, when that is all that is wrong with the lines. */
  #judgeLines(own: readonly Statement[], records: Records): number {
    const { fault, at } = records;
    if (fault === undefined) return 0;
    const { kind, seq, file, offset, torn } = fault;
    const want = Math.max(...own.map(({ size }) => size));
    const closed = this.#isDone(records) || this.#options.remembered?.ledger?.closed !== undefined;
    const doubt = fault.doubt === undefined || !isSealed(own, records, fault.doubt.hex) ? undefined : fault.doubt;
    if (doubt !== undefined) throw tampered(kind, { seq: at.size, file, offset: doubt.offset });
    if (torn === undefined) throw tampered(kind, { seq, file, offset });
    if (at.size < want) throw new Finding({ word: "TRUNCATED", have: at.size, want, source: "checkpoint" });
    if (closed) throw tampered("trailing", { seq, file, offset });
    this.#notes.push(
      `${torn.bytes} bytes of an unfinished write at the end of ${file}: left when the writer was cut off`,
    );
    return torn.bytes;
  }

  /** The ledger closes many sessions, and never itself. */
  #isClosed(records: Records): boolean {
    return this.#signers?.session !== undefined && isClosed(records);
  }

  /** Its writer said its last word, so that no crash of it can have left anything behind. */
  #isDone(records: Records): boolean {
    return this.#isClosed(records) || isEnded(records, this.#signers?.epochs ?? []);
  }

  /** Statements about more records than there are. */
  #expectAll(own: readonly Statement[], size: number): void {
    const longest = own.reduce((a, b) => (b.size > a.size ? b : a));
    if (longest.size > size)
      throw new Finding({ word: "TRUNCATED", have: size, want: longest.size, source: longest.source });
  }

  /** Record 0 names the key that the certificate names, and the ledger too. */
  #judgeKeys(signers: Signers, records: Records): void {
    const { session, epochs, certifiedBy } = signers;
    const [genesis] = epochs;
    const { ledger } = this.#options.remembered ?? {};
    if (session === undefined || genesis === undefined) return;
    const first = records.controls[0];
    const isGenesis = (vkey: unknown): boolean => {
      const key = typeof vkey === "string" ? parseVerifierKey(sha256, vkey) : undefined;
      return key !== undefined && sameKey(key, genesis.key);
    };
    if (first?.seq !== 0 || !isGenesis(first.record.data["key"]))
      throw tampered("sig", { seq: 0, file: "certificate" });
    if (ledger === undefined) return;
    if (ledger.session !== session || !isGenesis(ledger.key) || ledger.first !== toHex(records.leaves.tile(0, 0, 1)))
      throw tampered("fork", { seq: 0, file: "certificate" });
    const owner = this.#options.machine?.findLast(({ from }) => from < ledger.entry + 1);
    if (owner !== undefined && (certifiedBy ?? 0) > owner.epoch)
      throw tampered("epoch", { seq: 0, file: "certificate" });
  }

  #judgeBeside(tiles: readonly string[], records: Records): void {
    const complete = this.#isClosed(records);
    const bad =
      checkTiles(this.#dir, tiles, { leaves: records.leaves, complete }) ??
      checkBlobs(this.#dir, records.blobs, this.#redacted());
    if (bad !== undefined) throw new Finding(bad);
    const twin = differingTwin(this.#dir);
    if (twin !== undefined) throw tampered("framing", { seq: Number(twin.slice(4, 16)), file: twin });
    const strange = strangeNames(this.#dir);
    if (strange.length === 0) return;
    const more = strange.length > 3 ? ` and ${strange.length - 3} more` : "";
    this.#notes.push(`not part of a log, and not read: ${strange.slice(0, 3).join(", ")}${more}`);
  }

  /** Blobs that the ledger says were taken out; what it says stands in the report. */
  #redacted(): ReadonlySet<string> {
    const words = this.#options.remembered?.ledger?.redactions ?? [];
    for (const { seq, paths, ts, reason, entry } of words)
      this.#notes.push(
        `redacted: ${paths.join(", ")} of record ${seq} on ${ts} (${reason}), as entry ${entry} of the ledger says`,
      );
    return new Set(words.flatMap(({ blobs }) => blobs));
  }

  #conclude(records: Records, torn: number): LogVerdict {
    const unsealed = records.at.size - this.#sealed;
    if (unsealed > 0 || torn > 0) return { word: "OK_UNSEALED_TAIL", records: Math.max(0, unsealed) };
    const bytes = recoveredBytes(records);
    return bytes > 0 ? { word: "RECOVERED", bytes } : { word: "OK" };
  }
}

/** A session whose close is signed has said its last word, whoever can make a chain go on behind it. */
function expectNothingBehindClose({ controls, at }: Records, sealed: number): void {
  const close = controls.find(
    ({ seq, record }) => seq < sealed && record.type === "session.close" && record.origin === "observed",
  );
  if (close !== undefined && at.size > close.seq + 1) throw tampered("trailing", { seq: close.seq + 1, file: "log" });
}

/** True when a signed root says that this is the next leaf: then all before it are right. */
function isSealed(own: readonly Statement[], { at, leaves }: Records, leaf: string): boolean {
  const next = own.find(({ size }) => size === at.size + 1);
  return next !== undefined && leaves.rootWith(leaf) === next.root;
}
