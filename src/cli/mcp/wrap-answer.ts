// What `mcp wrap` and `mcp unwrap` say. Names, paths and reasons come from files that a repository may have brought: all of it is escaped.
import { CLIENTS, type ClientFile, type EntryOutcome } from "#core/mcp";
import { forTerminal } from "#core/text";
import { jsonLine } from "../print-json.ts";
import { type ClientPlan, isDone } from "./wrap-plan.ts";

/** A file that is not ours to change. */
export interface ToldFile {
  readonly place: ClientFile;
  readonly title: string;
  readonly names: readonly string[];
}

/** What was done. */
export interface WrapAnswer {
  readonly act: "wrap" | "unwrap";
  readonly plans: readonly ClientPlan[];
  readonly written: readonly ClientPlan[];
  readonly told: readonly ToldFile[];
  readonly dryRun: boolean;
}

/** As lines. */
export function wrapLines(answer: WrapAnswer): string {
  const { act, plans, written, told, dryRun } = answer;
  const shown = plans.filter(({ outcomes }) => outcomes.length > 0);
  const files = shown.map((plan) => fileLines(plan, act)).join("");
  const others = told
    .map(({ place, title, names }) => `${heading(title, place.scope, place.path)}${otherLine(place, names)}`)
    .join("");
  const changes = plans.filter((plan) => !isDone(plan));
  const count = changes
    .flatMap(({ outcomes }) => outcomes)
    .filter(({ kind }) => kind === "wrapped" || kind === "unwrapped").length;
  const nothing = act === "wrap" ? "no file of these clients has a server to wrap\n" : "no server is wrapped\n";
  if (shown.length + told.length === 0) return nothing;
  return `${files}${others}${last(act, { count, changed: dryRun ? changes.length : written.length, dryRun })}${act === "wrap" && !dryRun ? hints(written) : ""}`;
}

function last(
  act: "wrap" | "unwrap",
  { count, changed, dryRun }: { readonly count: number; readonly changed: number; readonly dryRun: boolean },
): string {
  if (changed === 0) return dryRun ? "nothing would be written\n" : "nothing was written\n";
  const servers = count === 1 ? "1 server" : `${count} servers`;
  if (dryRun) return `${servers} would be ${act}ped; nothing was written\n`;
  return act === "wrap"
    ? `${servers} wrapped; clients read their files at start: begin their sessions anew\n\`ringfence mcp unwrap\` puts every byte back\n`
    : `${servers} unwrapped\n`;
}

function hints(written: readonly ClientPlan[]): string {
  const isShared = written.some(({ place }) => place.scope === "project");
  const asks = written.some(({ place }) => place.scope === "project" && place.client === "claude-code");
  return [
    isShared ? "a file of the project holds this machine's path of ringfence now: think before you commit it\n" : "",
    asks ? "Claude Code asks once more whether you approve the project's servers\n" : "",
  ].join("");
}

function fileLines(plan: ClientPlan, act: "wrap" | "unwrap"): string {
  const { place, file, outcomes, asBefore } = plan;
  const lines = outcomes
    .map((outcome) => `  ${WORDS[outcome.kind]}${forTerminal(whose(outcome))}${notes(outcome)}`)
    .join("");
  const exact = act === "unwrap" && asBefore !== undefined && plan.record.entries.length === 0;
  const whole =
    asBefore === true
      ? "  as it was before, to the last byte\n"
      : "  changed since it was wrapped: only our words went\n";
  return `${heading(CLIENTS[place.client].title, place.scope, file.path)}${lines}${exact ? whole : ""}`;
}

function heading(title: string, scope: ClientFile["scope"], path: string): string {
  const of = scope === "user" ? "yours" : scope === "project" ? "this project's" : "not yours to change";
  return `${title}, ${of}: ${forTerminal(path)}\n`;
}

function otherLine({ scope, path }: ClientFile, names: readonly string[]): string {
  const servers = names.length === 0 ? "" : `${forTerminal(names.join(", "))}: `;
  const why =
    scope === "managed" && path.startsWith("/etc/")
      ? "the machine's owner decides"
      : "a plugin brings it, and its next update would bring it anew";
  return `  left       ${servers}${why}\n`;
}

const WORDS: Readonly<Record<EntryOutcome["kind"], string>> = {
  wrapped: "wrapped    ",
  kept: "stands     ",
  unwrapped: "unwrapped  ",
  left: "left       ",
};

// The same name may stand in several projects of one file.
function whose({ name, place }: EntryOutcome): string {
  const project = place[0] === "projects" && place.length === 4 ? ` (project ${place[1]})` : "";
  return `${name}${project}`;
}

function notes({ kind, notes: texts }: EntryOutcome): string {
  if (texts.length === 0) return "\n";
  const lines = texts.map((text) => forTerminal(text));
  return kind === "left" ? `: ${lines.join("; ")}\n` : `\n${lines.map((line) => `             ${line}\n`).join("")}`;
}

/** As one document. */
export function wrapJson({ plans, written, told, dryRun }: WrapAnswer): string {
  return jsonLine(
    {
      written: !dryRun && written.length > 0,
      files: plans.map((plan) => ({
        client: plan.place.client,
        scope: plan.place.scope,
        path: plan.file.path,
        changes: !isDone(plan),
        written: written.includes(plan),
        ...(plan.asBefore === undefined ? {} : { asBefore: plan.asBefore }),
        servers: plan.outcomes.map(({ name, place, kind, notes: texts }) => ({
          name,
          place,
          state: kind,
          notes: texts,
        })),
      })),
      left: told.map(({ place, names }) => ({ client: place.client, path: place.path, servers: names })),
    },
    2,
  );
}
