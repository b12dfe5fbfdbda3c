// A cpio archive in the "newc" format (cpio(5)), as a kernel unpacks its first files from (initramfs). Pure: the same entries, the same bytes.

/** One entry; folders before what is in them. Everything is root's, and of no time. */
export type CpioEntry =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly content: Uint8Array };

const FOLDER = 0o040755;
const FILE = 0o100000;
const END = "TRAILER!!!";

/** Paths are relative to the root, without a slash in front. */
export function cpioArchive(entries: readonly CpioEntry[]): Uint8Array {
  const members = entries.map((entry, at) =>
    entry.kind === "folder"
      ? member({ name: entry.path, number: at + 1, mode: FOLDER, content: NOTHING })
      : member({ name: entry.path, number: at + 1, mode: FILE | entry.mode, content: entry.content }),
  );
  return concatenate([...members.flat(), ...member({ name: END, number: 0, mode: 0, content: NOTHING })]);
}

const NOTHING = new Uint8Array(0);

interface Member {
  readonly name: string;
  readonly number: number;
  readonly mode: number;
  readonly content: Uint8Array;
}

function member({ name, number, mode, content }: Member): readonly Uint8Array[] {
  const path = new TextEncoder().encode(`${name}\0`);
  const links = 1;
  const fields = [number, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, path.length, 0];
  const head = new TextEncoder().encode(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return [...aligned([head, path]), ...aligned([content])];
}

/** Followed by zeros up to a multiple of four. */
function aligned(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return [...parts, new Uint8Array(-size & 3)];
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => {
    bytes.set(part, at);
    return at + part.length;
  }, 0);
  return bytes;
}
