// A bundle: everything that somebody needs who has a public key and nothing of ours. The session's folder as it is, what the
// machine's ledger says about it with proofs, and a verifier to read. Changed records are bundled as they are: they are evidence.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { bundleReadme, formatVerifierKey, readLeaf, toBase64 } from "#core/log";
import type { BundleSink } from "./bundle-sink.ts";
import { sha256Hex } from "./crypto.ts";
import { filesBelow, readWhole } from "./derived.ts";
import { Unreadable } from "./open-file.ts";
import { ledgerPlaces, sessionPlaces } from "./places.ts";
import { systemCode } from "./problem.ts";
import { readLog } from "./read.ts";
import { makeReceipt, openSigned, type SignedLog } from "./receipt.ts";

/** What a bundle is made of. */
export interface BundleOptions {
  readonly stateDir: string;
  readonly signed: SignedLog;
  /** Text of the verifier that ships. */
  readonly verifier: string;
  /** Also the vault with private values. */
  readonly vault: boolean;
}

/** What was bundled. */
export interface Bundled {
  readonly files: number;
  /** SHA-256 of the public key's file, hexadecimal: to be handed over another way. */
  readonly fingerprint: string;
}

/** What the machine's own writers hold before what they only may hold: a running session grows while it is copied. */
const PARTS = [
  "tile",
  "cosigned",
  "timestamps",
  "rekor",
  "checkpoint",
  "checkpoints",
  "epochs",
  "authority",
  "certificate",
  "log",
  "blobs",
] as const;

/** Fills a sink and ends it. Fails, and leaves no archive, when the session or the ledger's word about it cannot be read. */
export function makeBundle(options: BundleOptions, open: () => BundleSink): Result<Bundled, Problem> {
  let sink: BundleSink | undefined;
  try {
    sink = open();
    const bundled = fill(options, sink);
    if (bundled.ok) sink.finish();
    else sink.abandon();
    return bundled;
  } catch (error) {
    sink?.abandon();
    if (error instanceof Unreadable) return err(unreadable(error));
    return err({
      code: "bundle-output",
      message: `the bundle cannot be written (${systemCode(error)})`,
      hint: "name a file or a folder that is not there yet",
    });
  }
}

function fill({ stateDir, signed, verifier, vault }: BundleOptions, sink: BundleSink): Result<Bundled, Problem> {
  const { dir, log } = signed;
  const sums: string[] = [];
  const add = (name: string, content: Uint8Array | string): void => {
    const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
    sink.add(name, bytes);
    sums.push(`${sha256Hex(bytes)}  ${name}\n`);
  };
  const vkey = `${formatVerifierKey(log.root)}\n`;
  const fingerprint = sha256Hex(Buffer.from(vkey));
  const { session = "" } = log;
  // The ledger knows sessions; a log that another program keeps elsewhere (`log append`) is its own affair.
  const isSession = dir === sessionPlaces(stateDir, session).dir;
  const receipts = isSession ? ledgerReceipts(stateDir, signed) : ok([]);
  if (!receipts.ok) return receipts;
  const closed = receipts.value.some(({ name }) => name === "close");
  const facts = {
    origin: log.origin,
    session,
    records: signed.size,
    root: toBase64(signed.root),
    fingerprint,
    closed,
    ledger: isSession,
  };
  add("README.md", bundleReadme({ ...facts, vault }));
  add("verify_log.py", verifier);
  add("machine.vkey", vkey);
  for (const part of vault ? [...PARTS, "vault"] : PARTS)
    for (const file of partFiles(dir, part)) add(`session/${file}`, readWhole(dir, file));
  for (const { name, text } of receipts.value) add(`ledger/${name}.tlog-proof`, text);
  sink.add("SHA256SUMS", Buffer.from(sums.join("")));
  return ok({ files: sums.length + 1, fingerprint });
}

function partFiles(dir: string, part: string): readonly string[] {
  const isFolder = !["checkpoint", "authority", "certificate"].includes(part);
  if (isFolder) return filesBelow(dir, part);
  return existsSync(join(dir, part)) ? [part] : [];
}

/** Receipts of all that the ledger says about the session: `open`, `close`, and others by their number. */
function ledgerReceipts(stateDir: string, { log }: SignedLog): Result<{ name: string; text: string }[], Problem> {
  const { dir } = ledgerPlaces(stateDir);
  const ledger = openSigned(dir, [log.root]);
  if (!ledger.ok) return ledger;
  const receipts: { name: string; text: string }[] = [];
  for (const { text } of readLog(dir)) {
    // Most lines are about others and need no reading.
    const record = text.includes(`"session":"${log.session}"`) ? readLeaf(Buffer.from(text)) : undefined;
    if (record === undefined || record.session !== log.session) continue;
    const receipt = makeReceipt(ledger.value, record.seq);
    if (!receipt.ok) return receipt;
    receipts.push({ name: receiptName(record, receipts), text: receipt.value });
  }
  if (receipts[0]?.name === "open") return ok(receipts);
  const message = `the machine's ledger does not know session \`${log.session}\``;
  return err({ code: "bundle-unknown", message, hint: "ringfence log verify" });
}

/** The first opening and the first close are what binds the session; whatever came later goes by its number. */
function receiptName({ type, seq }: { type: string; seq: number }, before: readonly { name: string }[]): string {
  const isFirst = (name: string): boolean => before.every((other) => other.name !== name);
  if (type === "session.open" && isFirst("open")) return "open";
  if (type === "session.close" && isFirst("close")) return "close";
  return String(seq).padStart(12, "0");
}

function unreadable({ path, reason, message }: Unreadable): Problem {
  const why = reason === "absent" ? "is missing" : message;
  return { code: "log-damaged", message: `\`${path}\` of the record ${why}`, hint: "ringfence log verify" };
}
