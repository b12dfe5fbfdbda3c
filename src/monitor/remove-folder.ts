// Removal of a folder that an agent filled: by the helper, which no depth, mode or link can confuse.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Removes it with everything in it; once more when the helper was ended meanwhile. Rejects when something cannot be removed. */
export async function removeFolder(folder: string, helper: string): Promise<void> {
  const remove = (): Promise<unknown> => promisify(execFile)(helper, ["remove", folder], { env: {} });
  await remove().catch((error: { readonly signal?: string }) =>
    error.signal === undefined ? Promise.reject(error) : remove(),
  );
}
