// A file of its own, 0600, that is there whole or not at all. With `growing` it is there from the start and grows as the session does.
import { randomUUID } from "node:crypto";
import { constants, lstatSync } from "node:fs";
import { type FileHandle, link, open, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { type Format, linesOf, type Stream } from "#core/log/export";
import { syncFolder } from "../files.ts";
import { systemCode } from "../problem.ts";
import type { Sink } from "./sink.ts";

const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** A sink on a file that must not be there yet. */
export async function openFileSink(
  path: string,
  options: { readonly format: Format; readonly stream: Stream; readonly growing: boolean },
): Promise<Result<Sink, Problem>> {
  const { format, stream, growing } = options;
  const aside = growing ? path : join(dirname(path), `.${basename(path)}.${randomUUID()}.part`);
  let file: FileHandle;
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined)
      throw Object.assign(new Error(`\`${path}\` is there`), { code: "EEXIST" });
    file = await open(aside, NEW, 0o600);
  } catch (error) {
    return err(problemOf(path, error));
  }
  return ok({
    room: { events: 500 },
    async deliver({ texts }) {
      try {
        for (const line of linesOf(format, texts, stream)) await file.appendFile(`${line}\n`);
        if (growing) await file.datasync();
        return ok(undefined);
      } catch (error) {
        return err(problemOf(path, error));
      }
    },
    async close({ complete }) {
      try {
        await file.sync();
        await file.close();
        if (growing) return ok(undefined);
        // Not by renaming: that would replace a file which came there meanwhile.
        if (complete) await link(aside, path);
        return ok(undefined);
      } catch (error) {
        return err(problemOf(path, error));
      } finally {
        if (!growing) await unlink(aside).catch(() => undefined);
        await syncFolder(dirname(path)).catch(() => undefined);
      }
    },
  });
}

function problemOf(path: string, error: unknown): Problem {
  const word = systemCode(error);
  const hint = word === "EEXIST" ? { hint: "name a file that is not there yet" } : {};
  return { code: "export-file", message: `\`${path}\` cannot be written (${word})`, ...hint };
}
