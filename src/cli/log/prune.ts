// `ringfence log prune`: sessions whose last record is older than the policy keeps them go, after the machine's ledger has said so.
import { Command } from "commander";
import { findPrunable, type Kept, machineKey, type Prunable, pruneSession } from "#audit";
import { loadPolicy, parseDuration } from "#core/policy";
import { forTerminal } from "#core/text";
import { callerStateDir } from "../caller.ts";
import { complain, EXIT, fail, problemLines } from "../exit.ts";
import { layersHere } from "../policy/layers.ts";
import { jsonLine } from "../print-json.ts";
import { refuseInside } from "../review-session.ts";
import { sizeText } from "../size-text.ts";

interface PruneFlags {
  readonly olderThan?: string;
  readonly dryRun?: true;
  readonly policy?: string;
  readonly json?: true;
}

/** The command. Exit 0: what was old enough is gone; 1: something of it stays. */
export function pruneCommand(): Command {
  return new Command("prune")
    .description(
      "remove the records of old sessions; the ledger keeps, signed, that they were there and when they went",
    )
    .option("--older-than <time>", "for example 400d; the policy's `audit.retention` when absent, and never less")
    .option("--policy <file>", "also this policy")
    .option("--dry-run", "only say what would go")
    .option("--json", "print one JSON document")
    .action(async (flags: PruneFlags) => {
      refuseInside();
      process.exitCode = await prune(callerStateDir(process.env), flags);
    });
}

async function prune(stateDir: string, flags: PruneFlags): Promise<number> {
  const age = await ageOf(flags);
  const key = await machineKey(stateDir).catch(() => undefined);
  if (key === undefined)
    return fail(
      { code: "log-none", message: "there is no record on this machine yet", hint: "ringfence run -- COMMAND" },
      2,
    );
  const before = Date.now() - age.milliseconds;
  const found = await findPrunable(stateDir, { keys: [key], before });
  if (!found.ok) return fail(found.error, 1);
  const isDry = flags.dryRun === true;
  const kept: Kept[] = [];
  const gone: Prunable[] = [];
  for (const each of found.value) {
    const { session } = each;
    const options = { stateDir, keys: [key], before, reason: `older than ${age.text}` };
    const pruned = isDry ? undefined : await pruneSession(options, session);
    if (pruned?.ok === false) {
      complain(problemLines(pruned.error));
      kept.push({ session, why: pruned.error.message });
    } else if (pruned?.value !== undefined) kept.push(pruned.value);
    else gone.push(each);
  }
  process.stdout.write(flags.json === true ? jsonOf(gone, kept, isDry) : textOf(gone, kept, { isDry, age: age.text }));
  return kept.length > 0 ? 1 : EXIT.ok;
}

interface Age {
  readonly text: string;
  readonly milliseconds: number;
}

/** The age that was asked for. What the policy keeps is kept, whoever asks. */
async function ageOf({ olderThan: asked, policy }: PruneFlags): Promise<Age> {
  const loaded = loadPolicy(await layersHere(policy));
  if (!loaded.ok) return fail(loaded.error, EXIT.badInput);
  const { retentionMs } = loaded.value.policy.audit;
  const hint = "such as `--older-than 400d`";
  if (asked === undefined) {
    if (retentionMs !== undefined) return { text: ageText(retentionMs), milliseconds: retentionMs };
    const message = "neither the policy (`audit.retention`) nor you say how long records are kept";
    return fail({ code: "usage", message, hint }, EXIT.usage);
  }
  const milliseconds = parseDuration(asked);
  if (milliseconds === undefined) return fail({ code: "usage", message: `\`${asked}\` is no time`, hint }, EXIT.usage);
  if (retentionMs === undefined || milliseconds >= retentionMs) return { text: asked, milliseconds };
  const message = `the policy keeps records for ${ageText(retentionMs)}, and \`${asked}\` is less`;
  return fail({ code: "log-retention", message, hint: "ringfence policy explain" }, EXIT.policyRefused);
}

function ageText(milliseconds: number): string {
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
    ["ms", 1],
  ] as const;
  const [unit, length] = units.find(([, each]) => milliseconds % each === 0) ?? ["ms", 1];
  return `${milliseconds / length}${unit}`;
}

function jsonOf(gone: readonly Prunable[], kept: readonly Kept[], isDry: boolean): string {
  return jsonLine({ dryRun: isDry, pruned: gone, kept }, 2);
}

function textOf(
  gone: readonly Prunable[],
  kept: readonly Kept[],
  { isDry, age }: { readonly isDry: boolean; readonly age: string },
): string {
  const lines = gone.map(
    ({ session, ended, bytes, workspace }) =>
      `${isDry ? "would prune" : "pruned"}  ${session}  ${ended}  ${sizeText(bytes)}  ${workspace}`,
  );
  const left = kept.map(({ session, why }) => `kept  ${session}: ${why}`);
  const sum = gone.reduce((all, { bytes }) => all + bytes, 0);
  const last =
    gone.length === 0
      ? `nothing ${isDry || kept.length === 0 ? `is older than ${age}` : "was pruned"}`
      : `${sizeText(sum)} ${isDry ? "would be free" : "free"}`;
  return [...lines, ...left, last].map((line) => `${forTerminal(line)}\n`).join("");
}
