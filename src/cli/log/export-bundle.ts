// `log export --bundle` and `--tlog`: where the files go, and what is said about it.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { archiveSink, exportTiles, folderSink, makeBundle, openSigned, type SignedLog } from "#audit";
import { forTerminal } from "#core/text";
import { callerStateDir } from "../caller.ts";
import { EXIT, fail } from "../exit.ts";
import { findInstallation } from "../installation.ts";
import { printJson } from "../print-json.ts";
import { findLog } from "./find.ts";
import { trustedKey } from "./key.ts";

/** Flags of both. */
export interface BundleFlags {
  readonly key?: string;
  readonly private?: boolean;
  readonly json?: boolean;
}

/** Writes the bundle; the exit code is 0 when it is there. What does not hold is said, and is bundled as it is. */
export async function exportBundle(session: string | undefined, path: string, flags: BundleFlags): Promise<number> {
  const stateDir = callerStateDir(process.env);
  const signed = await openLog(stateDir, session, flags);
  const verifier = readFileSync(join(findInstallation().root, "scripts/verify_log.py"), "utf8");
  const name = `ringfence-${signed.log.session ?? "ledger"}`;
  const mtime = Math.floor(Date.parse(signed.log.epochs[0]?.start ?? "") / 1000) || 0;
  const isArchive = /\.(?:tar\.gz|tgz)$/.test(path);
  const bundled = makeBundle({ stateDir, signed, verifier, vault: flags.private === true }, () =>
    isArchive ? archiveSink(path, { root: name, mtime }) : folderSink(path),
  );
  if (!bundled.ok) return fail(bundled.error, bundled.error.code === "bundle-output" ? EXIT.badInput : 1);
  const { files, fingerprint } = bundled.value;
  if (flags.json === true) print({ bundle: path, origin: signed.log.origin, files, fingerprint });
  else
    process.stdout.write(
      `${forTerminal(basename(path))}: ${signed.size} signed records of ${forTerminal(signed.log.origin)}, ${files} files\n` +
        `fingerprint of the public key, to be handed over another way: ${fingerprint}\n`,
    );
  return EXIT.ok;
}

/** Writes the tiles; the exit code is 0 when they are there. */
export async function exportTlog(session: string | undefined, folder: string, flags: BundleFlags): Promise<number> {
  const signed = await openLog(callerStateDir(process.env), session, flags);
  const done = exportTiles(signed, () => folderSink(folder));
  if (!done.ok) return fail(done.error, done.error.code === "bundle-output" ? EXIT.badInput : 1);
  if (flags.json === true) print({ tlog: folder, origin: signed.log.origin, entries: done.value.entries });
  else
    process.stdout.write(
      `${forTerminal(basename(folder))}: ${done.value.entries} entries of ${forTerminal(signed.log.origin)}\n`,
    );
  return EXIT.ok;
}

async function openLog(stateDir: string, session: string | undefined, flags: BundleFlags): Promise<SignedLog> {
  const key = await trustedKey(stateDir, flags.key);
  const signed = openSigned(findLog(stateDir, session).dir, [key]);
  return signed.ok ? signed.value : fail(signed.error, 1);
}

function print(document: object): void {
  printJson(document, 2);
}
