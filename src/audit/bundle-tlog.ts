// A log as other people's tools read one: a directory of C2SP tlog-tiles with entry bundles, ready to be served as static files.
// The keys of a log move forward; `vkey` is the one that signed this checkpoint.
import { err, ok, type Problem, type Result } from "#core";
import { formatVerifierKey, openTree, ownerOf, TILE_WIDTH, toHex } from "#core/log";
import type { BundleSink } from "./bundle-sink.ts";
import { sha256 } from "./crypto.ts";
import { Unreadable } from "./open-file.ts";
import { systemCode } from "./problem.ts";
import type { SignedLog } from "./receipt.ts";
import { scanLog } from "./scan.ts";
import { openTiles, tilePath } from "./tiles.ts";

/** Writes what the newest checkpoint covers. Fails when the lines are not what it signed; what was written then proves nothing. */
export function exportTiles(signed: SignedLog, open: () => BundleSink): Result<{ readonly entries: number }, Problem> {
  const { dir, log, size, checkpoint } = signed;
  try {
    const sink = open();
    const tiles = openTiles();
    let entries: Buffer[] = [];
    let root = "";
    const flush = (index: number): void => {
      const width = entries.length / 2;
      const path = tilePath(0, index).replace(/^tile\/0\//, "tile/entries/");
      sink.add(width === TILE_WIDTH ? path : `${path}.p/${width}`, Buffer.concat(entries));
      entries = [];
      const full = tiles.full();
      for (const tile of full) sink.add(tile.path, tile.bytes);
      tiles.written(full.length);
    };
    scanLog(dir, {
      ...(log.session === undefined ? {} : { session: log.session }),
      onLine: (view, line, tree) => {
        if (view.seq >= size) return;
        const length = Buffer.alloc(2);
        const bytes = Buffer.from(line.bytes());
        length.writeUInt16BE(bytes.length);
        entries.push(length, bytes);
        tiles.add(line.leaf);
        if (tree.size === size) root = toHex(tree.root());
        if (tree.size % TILE_WIDTH === 0 || tree.size === size) flush(Math.floor(view.seq / TILE_WIDTH));
      },
    });
    if (root !== toHex(size === 0 ? openTree(sha256).root() : signed.root)) return err(notSigned(dir));
    for (const tile of tiles.partial()) sink.add(tile.path, tile.bytes);
    const key = ownerOf(log.epochs, size)?.key ?? log.root;
    sink.add("vkey", Buffer.from(`${formatVerifierKey(key)}\n`));
    // Last, as a log would: a checkpoint speaks only of what is there.
    sink.add("checkpoint", Buffer.from(checkpoint));
    sink.finish();
    return ok({ entries: size });
  } catch (error) {
    if (error instanceof Unreadable) return err(notSigned(dir));
    const message = `the tiles cannot be written (${systemCode(error)})`;
    return err({ code: "bundle-output", message, hint: "name a folder that is not there yet" });
  }
}

function notSigned(dir: string): Problem {
  const message = `the records in \`${dir}\` are not what was signed`;
  return { code: "log-damaged", message, hint: `ringfence log verify ${dir}` };
}
