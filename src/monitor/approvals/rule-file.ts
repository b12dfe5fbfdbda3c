// "Write the rule": one allow rule appended to the workspace's own local policy, which a person just saw and accepted. Everything else in the file keeps
// its bytes; what cannot be changed that way, or was not accepted before, is left alone.
import { createHash } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isMap, isSeq, parseDocument } from "yaml";
import { err, ok, type Problem, type Result } from "#core";
import { loadPolicy } from "#core/policy";
import { acceptPolicyFile, readLayers, readPolicyFile } from "../prepare/policy-files.ts";

/** Where the rule goes. */
export interface RulePlaces {
  readonly workspaceRoot: string;
  readonly stateDir: string;
  readonly home: string;
}

/** A rule that can be written: `write` does it. */
export interface RulePlan {
  readonly file: string;
  /** SHA-256 of the file as it will be. */
  readonly digest: string;
  write(): Promise<Result<void, Problem>>;
}

/** The file that takes the rules a person says yes to. */
export function localPolicy(workspaceRoot: string): string {
  return join(workspaceRoot, ".ringfence/policy.local.yaml");
}

/** Plans `permissions.allow: [… rule]`, or says why it cannot be done. Nothing is written yet. */
export async function planRule(places: RulePlaces, rule: string): Promise<Result<RulePlan, Problem>> {
  const file = localPolicy(places.workspaceRoot);
  const cannot = (message: string, hint: string): Result<never, Problem> =>
    err({ code: "rule-not-written", message: `the rule cannot be written: ${message}`, hint });
  const layers = await readLayers(places);
  if (!layers.ok) return cannot("a policy file is not readable", "ringfence policy lint");
  const before = layers.value.find((layer) => layer.file === file);
  // Accepting the new bytes would accept everything in them.
  if (before !== undefined && !before.trusted)
    return cannot(`\`${file}\` is not accepted`, "ringfence policy trust .ringfence/policy.local.yaml");
  const text = withRule(before?.text ?? "", rule);
  const loads = text !== undefined && loadPolicy([{ name: "local", file, text, digest: "", trusted: true }]);
  if (text === undefined || !loads || !loads.ok)
    return cannot(
      `\`${file}\` has another form than this program writes`,
      `add \`${rule}\` to its \`permissions.allow\``,
    );
  const allow = loads.value.policy.permissions.allow;
  if (!allow.some((entry) => entry.text === rule)) return cannot("it would not be read back", "write it by hand");
  const digest = createHash("sha256").update(text).digest("hex");
  const write = async (): Promise<Result<void, Problem>> => {
    const now = await readPolicyFile(file, { followLinks: false });
    if (!now.ok || now.value?.digest !== before?.digest) return cannot("the file changed meanwhile", "try again");
    try {
      await replace(file, text);
    } catch (error) {
      return cannot((error as Error).message, `make \`${dirname(file)}\` writable`);
    }
    return acceptPolicyFile(places.stateDir, file, digest);
  };
  return ok({ file, digest, write });
}

/** The text with the rule at the end of the list; undefined when the text is not a map with a list there, or none. */
function withRule(text: string, rule: string): string | undefined {
  const quoted = JSON.stringify(rule);
  if (text.trim() === "") return `version: 1\npermissions:\n  allow:\n    - ${quoted}\n`;
  const document = parseDocument(text);
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined;
  const allow = document.getIn(["permissions", "allow"]);
  const last = isSeq(allow) ? allow.items.at(-1) : undefined;
  const range = (last as { readonly range?: readonly [number, number, number] } | undefined)?.range;
  if (isSeq(allow) && allow.flow !== true && range !== undefined) {
    // A block list: one more line, indented as its last one.
    const start = text.lastIndexOf("\n", range[0]) + 1;
    const indent = /^( *)- /.exec(text.slice(start))?.[1];
    const end = text.indexOf("\n", range[1]);
    if (indent === undefined) return undefined;
    return end === -1
      ? `${text}\n${indent}- ${quoted}\n`
      : `${text.slice(0, end)}\n${indent}- ${quoted}${text.slice(end)}`;
  }
  if (allow !== undefined && !isSeq(allow)) return undefined;
  document.addIn(["permissions", "allow"], rule);
  return document.toString();
}

async function replace(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.new`;
  await rm(temporary, { force: true });
  const handle = await open(temporary, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}
