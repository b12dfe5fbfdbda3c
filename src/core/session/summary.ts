// The few lines a person gets when a session ends. Pure; the caller prints them, coloured or not.
import { forTerminal } from "../text/index.ts";
import type { Outcome } from "./outcome.ts";
import { NO_PROMPTS, promptLines } from "./prompt-tally.ts";

/** A dozen lines or so, each with one subject, worst news first readable at a glance. */
export function summaryLines(outcome: Outcome): readonly string[] {
  const lines: string[] = [headline(outcome)];
  lines.push(...runtimeLines(outcome.runtime));
  lines.push(`  files    ${filesLine(outcome)}`);
  for (const held of outcome.held.slice(0, 8))
    lines.push(`           held  ${forTerminal(held.path, { max: 80 })}  (${held.reason})`);
  if (outcome.held.length > 8) lines.push(`           … and ${outcome.held.length - 8} more`);
  if (outcome.held.length > 0) lines.push(`           see them: ringfence review ${outcome.session}`);
  for (const path of outcome.refusedPaths.slice(0, 5))
    lines.push(`           refused  ${forTerminal(path, { max: 80 })}  (protected)`);
  if (outcome.reached.length > 0) lines.push(`  reached  ${hosts(outcome.reached)}`);
  lines.push(...refusedLines(outcome.refused.slice(0, 5)));
  if (outcome.refused.length > 5) lines.push(`           … and ${outcome.refused.length - 5} more hosts`);
  if (outcome.masked.length > 0) lines.push(`  masked   ${names(outcome.masked)}`);
  if (outcome.exposed.length > 0) lines.push(`  exposed  ${names(outcome.exposed)}  (real values were inside)`);
  if (outcome.untrusted.length > 0) {
    lines.push(
      `  policy   ${loosening(outcome.untrusted.length)} ignored until you accept the workspace's own policy: ringfence policy trust`,
    );
  }
  lines.push(...promptLines(outcome.prompts ?? NO_PROMPTS));
  for (const notice of outcome.notices.slice(0, 3)) lines.push(`  note     ${forTerminal(notice, { max: 240 })}`);
  lines.push(`  log      ${outcome.session}, ${outcome.log.size} records: ringfence log verify ${outcome.session}`);
  return lines;
}

/** By reason, each with what to type about the first of it. */
function refusedLines(refused: Outcome["refused"]): readonly string[] {
  return [...new Set(refused.map(({ reason }) => reason))].flatMap((reason) => {
    const alike = refused.filter((host) => host.reason === reason);
    const hint = alike[0]?.hint ?? "";
    return [
      ...alike.map((host) => `  refused  ${destination(host)}${times(host.count)}  (${reason})`),
      ...(hint === "" ? [] : [`           ${forTerminal(hint, { max: 200 })}`]),
    ];
  });
}

/** Nothing for `process`, where everything holds. */
function runtimeLines({ name, isolation, lacks }: Outcome["runtime"]): readonly string[] {
  const missing = Object.keys(lacks);
  if (name === "process" && missing.length === 0) return [];
  return [`  runtime  ${name} (${isolation})${missing.length === 0 ? "" : `, without: ${missing.join(", ")}`}`];
}

function filesLine({ workspace, applied, held }: Outcome): string {
  const { kind } = workspace;
  if (kind === "direct") return "workspace is direct";
  if (kind === "read-only") return `workspace is read-only${held.length > 0 ? `, ${held.length} offered` : ""}`;
  return `${applied.length} applied, ${held.length} held${kind === "overlay" ? "" : `, from a private ${kind}`}`;
}

function headline(outcome: Outcome): string {
  const ended = outcome.limit === undefined ? `exit ${outcome.exitCode}` : `stopped by the ${outcome.limit} limit`;
  return `ringfence: ${ended} after ${duration(outcome.durationMs)}`;
}

function loosening(count: number): string {
  return `${count} loosening ${count === 1 ? "entry is" : "entries are"}`;
}

function destination(host: { readonly host: string; readonly port: number }): string {
  return `${forTerminal(host.host, { max: 60 })}:${host.port}`;
}

function hosts(all: Outcome["reached"]): string {
  const shown = all.slice(0, 6).map((host) => destination(host) + times(host.count));
  return shown.join("  ") + (all.length > 6 ? `  … and ${all.length - 6} more` : "");
}

function names(all: readonly string[]): string {
  return (
    all
      .slice(0, 6)
      .map((name) => forTerminal(name, { max: 60 }))
      .join("  ") + (all.length > 6 ? `  … and ${all.length - 6} more` : "")
  );
}

function times(count: number): string {
  return count === 1 ? "" : ` ×${count}`;
}

/** `0.8 s`, `42 s`, `3 min 20 s`, `1 h 5 min`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
