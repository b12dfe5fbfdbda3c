// `ringfence log du`: how much room the record takes, and how much the policy's retention would free.
import { Command } from "commander";
import { findPrunable, type LogSize, logSizes, machineKey } from "#audit";
import { loadPolicy } from "#core/policy";
import { forTerminal } from "#core/text";
import { callerStateDir } from "../caller.ts";
import { EXIT } from "../exit.ts";
import { layersHere } from "../policy/layers.ts";
import { jsonLine } from "../print-json.ts";
import { sizeText } from "../size-text.ts";

/** The command. */
export function duCommand(): Command {
  return new Command("du")
    .description("bytes of each session's record: lines, blobs, tiles, vault; their sum; what retention would free")
    .option("--policy <file>", "also this policy")
    .option("--json", "print one JSON document")
    .action(async (flags: { readonly json?: true; readonly policy?: string }) => {
      const stateDir = callerStateDir(process.env);
      const sizes = logSizes(stateDir);
      const total = sizes.reduce((sum, { total: each }) => sum + each, 0);
      const free = await freeable(stateDir, flags.policy);
      const document = { logs: sizes, total, ...(free === undefined ? {} : { freeable: free }) };
      process.stdout.write(flags.json === true ? jsonLine(document, 2) : textOf(sizes, total, free));
      process.exitCode = EXIT.ok;
    });
}

/** Bytes that `log prune` would free now; undefined without a policy that says so, or where the ledger cannot tell. */
async function freeable(stateDir: string, policy: string | undefined): Promise<number | undefined> {
  const loaded = loadPolicy(await layersHere(policy));
  const retention = loaded.ok ? loaded.value.policy.audit.retentionMs : undefined;
  const key = await machineKey(stateDir).catch(() => undefined);
  if (retention === undefined || key === undefined) return undefined;
  const found = await findPrunable(stateDir, { keys: [key], before: Date.now() - retention });
  return found.ok ? found.value.reduce((sum, { bytes }) => sum + bytes, 0) : undefined;
}

const COLUMNS = ["lines", "blobs", "tiles", "vault", "notes", "total"] as const;

function textOf(sizes: readonly LogSize[], total: number, free: number | undefined): string {
  const cells = (row: readonly string[]): string => row.map((cell) => cell.padStart(11)).join("");
  const rows = sizes.map((size) => `${cells(COLUMNS.map((key) => sizeText(size[key])))}  ${forTerminal(size.session)}`);
  const sum = `${cells(["", "", "", "", "", sizeText(total)])}  in all`;
  const last = free === undefined ? [] : [`\`ringfence log prune\` would free ${sizeText(free)}`];
  return [cells(COLUMNS), ...rows, sum, ...last].map((line) => `${line}\n`).join("");
}
