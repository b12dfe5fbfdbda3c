// The witness protocol (c2sp.org/tlog-witness), without its HTTP: what `add-checkpoint` is asked, and what must be answered.
// A witness remembers one checkpoint a log and signs only what extends it: the memory outside that a log itself cannot have.
import { fromBase64, toBase64, toHex } from "./base64.ts";
import { HASH_LENGTH, type Sha256 } from "./merkle.ts";
import { openNote, signatureLine, splitNote, type VerifierKey, type VerifyEd25519 } from "./note.ts";
import { extendsTree } from "./proof.ts";

/** Most proof lines that a client may send. */
const MAX_PROOF = 63;

/** The body of `add-checkpoint`: also how Ringfence writes a consistency proof into a file. */
export interface AddCheckpoint {
  /** Size of the checkpoint that the reader knows. */
  readonly old: number;
  readonly proof: readonly Uint8Array[];
  /** The newer checkpoint, signed. */
  readonly note: string;
}

/** The body as text. */
export function formatAddCheckpoint({ old, proof, note }: AddCheckpoint): string {
  return `old ${old}\n${proof.map((hash) => `${toBase64(hash)}\n`).join("")}\n${note}`;
}

/** Reads a body; undefined when it is not exactly one. */
export function parseAddCheckpoint(body: string): AddCheckpoint | undefined {
  const cut = body.indexOf("\n\n");
  const [head = "", ...lines] = body.slice(0, Math.max(0, cut)).split("\n");
  const digits = /^old (0|[1-9][0-9]{0,15})$/.exec(head)?.[1];
  if (cut < 0 || digits === undefined || lines.length > MAX_PROOF) return undefined;
  const proof: Uint8Array[] = [];
  for (const line of lines) {
    const hash = fromBase64(line);
    if (hash?.length !== HASH_LENGTH) return undefined;
    proof.push(hash);
  }
  const old = Number(digits);
  return Number.isSafeInteger(old) ? { old, proof, note: body.slice(cut + 2) } : undefined;
}

/** The three lines that a witness speaks about; a foreign log's extension lines are signed along and mean nothing here. */
export interface WitnessedTree {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** What the witness has decided. Only with 200 may it sign, and only after it has kept the new checkpoint. */
export type WitnessAnswer =
  | {
      readonly status: 200;
      readonly text: string;
      readonly tree: WitnessedTree /** With the log's own signatures alone. */;
      readonly note: string;
    }
  | { readonly status: 400 | 403 | 404 | 422; readonly why: string }
  | { readonly status: 409; readonly size: number };

/** What a witness knows when it is asked. */
export interface WitnessMemory {
  /** Keys that may sign a checkpoint of this size for a log; undefined for a log that nobody named. */
  readonly keysFor: (origin: string, size: number) => readonly VerifierKey[] | undefined;
  /** The last tree that was cosigned for a log. */
  readonly lastOf: (origin: string) => WitnessedTree | undefined;
}

/** Origin and size that a body speaks of, nothing believed yet: to find out what to remember before judging. */
export function treeOfNote(note: string): (WitnessedTree & { readonly text: string }) | undefined {
  const text = splitNote(note)?.text;
  if (text === undefined) return undefined;
  const match = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/=]+)\n(?:[^\n]+\n)*$/.exec(text);
  const [origin, digits, data] = [match?.[1], match?.[2], match?.[3]];
  if (origin === undefined || digits === undefined || data === undefined) return undefined;
  const root = fromBase64(data);
  const size = Number(digits);
  if (root?.length !== HASH_LENGTH || !Number.isSafeInteger(size)) return undefined;
  return { origin, size, root, text };
}

/** Judges a request in the order of the specification. Total. */
export function judgeCheckpoint(
  body: string,
  memory: WitnessMemory,
  crypto: { readonly sha256: Sha256; readonly verify: VerifyEd25519 },
): WitnessAnswer {
  const request = parseAddCheckpoint(body);
  const asked = request === undefined ? undefined : treeOfNote(request.note);
  if (request === undefined || asked === undefined) return { status: 400, why: "not an add-checkpoint request" };
  const { text, ...tree } = asked;
  const keys = memory.keysFor(tree.origin, tree.size);
  if (keys === undefined) return { status: 404, why: "unknown log" };
  const opened = openNote(request.note, keys, crypto.verify);
  if (!opened.ok) return { status: 403, why: "not signed by a key of this log" };
  if (request.old > tree.size) return { status: 400, why: "the old size is larger than the checkpoint's" };
  const last = memory.lastOf(tree.origin);
  if (request.old !== (last?.size ?? 0)) return { status: 409, size: last?.size ?? 0 };
  const why = inconsistency(request, tree, last, crypto.sha256);
  return why === undefined
    ? { status: 200, text, tree, note: signedBy(request.note, opened.keys) }
    : { status: 422, why };
}

/** The note with the signatures of these keys alone: what others wrote under it is not ours to keep or to hand on. */
function signedBy(note: string, keys: readonly VerifierKey[]): string {
  const { text = "", signatures = [] } = splitNote(note) ?? {};
  const known = keys.flatMap((key) =>
    signatures.filter(({ name, id }) => name === key.name && id === key.id).slice(0, 1),
  );
  return `${text}\n${known.map(signatureLine).join("")}`;
}

function inconsistency(
  request: AddCheckpoint,
  tree: WitnessedTree,
  last: WitnessedTree | undefined,
  sha256: Sha256,
): string | undefined {
  if (tree.size === 0 && toHex(tree.root) !== toHex(sha256(new Uint8Array(0)))) return "an empty log has another root";
  if (request.old === 0 || last === undefined)
    return request.proof.length === 0 ? undefined : "the first checkpoint needs no proof";
  return extendsTree(sha256, last, tree, request.proof) ? undefined : "it does not extend what was seen before";
}
