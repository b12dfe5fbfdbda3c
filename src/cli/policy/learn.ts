// `ringfence policy learn [SESSION]`: the least rules that cover what a session was refused, each with its evidence and its risk. Everything stays
// enforced; a person picks, by number, at a terminal.
import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { readLog } from "#audit";
import { type Learned, learnedPolicy, learnFrom, type Proposal } from "#core/policy/learn";
import { exactText, markedLines } from "#core/text";
import { callerHome, callerStateDir } from "../caller.ts";
import { complain, EXIT, fail } from "../exit.ts";
import { findLog, readable } from "../log/find.ts";
import { printJson } from "../print-json.ts";
import { refuseInside } from "../review-session.ts";
import { askAtTerminal, terminalIsHere } from "../terminal-prompt.ts";
import { oneValue, say } from "./layers.ts";

/** The subcommand. */
export function policyLearnCommand(): Command {
  return new Command("learn")
    .description("propose the least rules that cover what a session was refused, each with its evidence and risk")
    .argument("[session]", "its id, or `last` (the default)")
    .option("--json", "print one JSON document")
    .option("--write <file>", "choose by number at the terminal, and write the chosen rules to a new file")
    .action((session: string | undefined, options: { readonly json?: true; readonly write?: string }) =>
      learn(session, options),
    );
}

async function learn(
  session: string | undefined,
  options: { readonly json?: true; readonly write?: string },
): Promise<void> {
  const log = findLog(callerStateDir(process.env), session);
  let learned: Learned | undefined;
  const code = await readable(() => {
    const records = [...readLog(log.dir)].flatMap(({ record }) => record ?? []);
    const root = records.find(({ type }) => type === "session.open")?.data["workspace"];
    learned = learnFrom(records, { root: typeof root === "string" ? root : "/nowhere", home: callerHome() });
  });
  if (learned === undefined) {
    process.exitCode = code;
    return;
  }
  if (options.write !== undefined) return choose(learned, log.name, resolve(options.write));
  const yaml = learnedPolicy(learned.proposals, log.name);
  if (options.json === true) return void printJson({ session: log.name, ...learned, yaml });
  if (session === undefined) say(`session ${log.name}`);
  for (const line of report(learned)) say(line);
  if (learned.proposals.length > 0) process.stdout.write(`\n${yaml}`);
}

function report({ proposals, left, unneeded }: Learned): readonly string[] {
  return [
    ...(proposals.length === 0 ? ["nothing was refused that a rule would open"] : []),
    ...proposals.flatMap((one, index) => [
      `${index + 1}. ${one.key}: ${oneValue(one.value)}`,
      `     ${evidenceText(one.evidence)}`,
      ...one.risks.map((risk) => `     risk: ${risk}`),
    ]),
    ...(left.length === 0 ? [] : ["", "refused, and no rule is proposed:"]),
    ...left.map(({ what, because, evidence }) => `  ${what}: ${because} (${evidenceText(evidence)})`),
    ...(unneeded.length === 0 ? [] : ["", "opened more than was used:"]),
    ...unneeded.map(({ rule, used }) =>
      used.length === 0 ? `  ${rule}: nothing was reached by it` : `  ${rule}: only ${used.join(", ")}`,
    ),
  ];
}

function evidenceText({ count, programs, records, why }: Proposal["evidence"]): string {
  const by = programs.length === 0 ? "" : ` by ${programs.join(", ")}`;
  return `${count}x ${why}${by}, records ${records.join(", ")}`;
}

/** One screen after the other: a number takes a rule in or out, `write` ends it. */
async function choose(learned: Learned, session: string, file: string): Promise<void> {
  refuseInside();
  const { proposals } = learned;
  const refuse = (message: string, hint: string, code: number = EXIT.policyRefused): never =>
    fail({ code: "learn-refused", message, hint }, code);
  if (proposals.length === 0) return say("nothing was refused that a rule would open");
  if (existsSync(file))
    return refuse(`\`${file}\` is there already`, "name a new file, and paste from it", EXIT.badInput);
  if (!terminalIsHere())
    return refuse("choosing rules needs a person at a terminal", "run it in a terminal of your own");
  const chosen = new Set<number>();
  for (;;) {
    const typed = await askAtTerminal(screen(proposals, chosen), new AbortController().signal);
    if (typed.kind !== "word" || typed.word === "none") return refuse("nothing was chosen", "nothing was written");
    if (typed.word === "write") break;
    const index = Number(typed.word) - 1;
    if (!chosen.delete(index)) chosen.add(index);
  }
  const kept = proposals.filter((_, index) => chosen.has(index));
  if (kept.length === 0) return refuse("nothing was chosen", "nothing was written");
  writeFileSync(file, learnedPolicy(kept, session), { flag: "wx", mode: 0o600 });
  complain(`ringfence: ${kept.length} rules written to ${file}; nothing uses them until they are in a policy file\n`);
}

function screen(proposals: readonly Proposal[], chosen: ReadonlySet<number>): Parameters<typeof askAtTerminal>[0] {
  return {
    lines: (width) =>
      proposals.flatMap(({ key, value, evidence, risks }, index) =>
        [
          `[${chosen.has(index) ? "x" : " "}] ${index + 1}. ${key}: ${oneValue(value)}`,
          `    ${evidenceText(evidence)}`,
          ...risks.map((risk) => `    risk: ${risk}`),
        ].flatMap((line) => markedLines(exactText(line), width)),
      ),
    choices: [
      ...proposals.map((_, index) => ({ word: String(index + 1), says: index === 0 ? "a number marks a rule" : "" })),
      { word: "write", says: "write what is marked" },
      { word: "none", says: "write nothing" },
    ],
  };
}
