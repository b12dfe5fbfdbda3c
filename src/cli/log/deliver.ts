// The delivery behind `ringfence log export`: what the words of the command mean, and how its end is said. 0: everything was delivered and
// the log was whole; 1: something could not be delivered, or damage was; 3: the log cannot be read.
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Destination, destinationName, type Exporting, exportLog, parseDestination } from "#audit";
import type { Format } from "#core/log/export";
import { forTerminal } from "#core/text";
import { callerStateDir } from "../caller.ts";
import { complain, EXIT, fail, problemLines } from "../exit.ts";
import { findInstallation } from "../installation.ts";
import type { DeliverFlags } from "./deliver-options.ts";
import { findLog, readable } from "./find.ts";

/** Delivers a session's record and returns the exit code. */
export async function deliverLog(session: string | undefined, format: Format, flags: DeliverFlags): Promise<number> {
  const to = parseDestination(flags.to ?? "-", { unencrypted: flags.unencrypted === true });
  if (!to.ok) return fail(to.error, EXIT.usage);
  refuseIdle(to.value, flags);
  const headers = headersOf(flags.headerEnv ?? [], process.env);
  const ca = flags.ca === undefined ? {} : { ca: readCertificates(flags.ca) };
  const stateDir = callerStateDir(process.env);
  const { dir } = findLog(stateDir, session);
  const { helper, version } = findInstallation();
  const stop = stopSignal();
  let code: number = EXIT.ok;
  const unreadable = await readable(async () => {
    const done = await exportLog({
      ...{ stateDir, dir, format, to: to.value, version, helper, headers, ...ca },
      ...{ again: flags.again === true, follow: flags.follow === true, private: flags.private === true },
      ...{ batch: flags.batch ?? 500, gzip: flags.gzip === true, messageBytes: flags.messageSize ?? 8192 },
      patience: { retries: flags.retries ?? 8, random, onRetry },
      ...{ output: process.stdout, signal: stop },
    });
    code = done.ok ? said(done.value, to.value) : fail(done.error, 1);
  });
  return unreadable === EXIT.ok ? code : unreadable;
}

/** A wish that would do nothing is a mistake, and better said than ignored. */
function refuseIdle(to: Destination, flags: DeliverFlags): void {
  const idle = (flag: string, kinds: readonly Destination["kind"][]): void => {
    if (kinds.includes(to.kind)) return;
    const message = `\`${flag}\` means nothing for \`${destinationName(to)}\``;
    fail({ code: "usage", message, hint: "leave it out" }, EXIT.usage);
  };
  if (flags.headerEnv !== undefined) idle("--header-env", ["http"]);
  if (flags.gzip === true) idle("--gzip", ["http"]);
  if (flags.ca !== undefined) idle("--ca", ["http", "syslog"]);
  if (flags.again === true) idle("--again", ["http", "syslog"]);
  if (flags.batch !== undefined) idle("--batch", ["http", "syslog"]);
  if (flags.retries !== undefined) idle("--retries", ["http", "syslog"]);
  if (flags.messageSize !== undefined) idle("--message-size", ["syslog"]);
}

/** Headers that say how the body is to be read are ours alone. */
const OWN: ReadonlySet<string> = new Set([
  "content-type",
  "content-length",
  "content-encoding",
  "transfer-encoding",
  "host",
  "connection",
]);

function headersOf(wishes: readonly string[], env: NodeJS.ProcessEnv): Record<string, string> {
  const headers: [string, string][] = wishes.map((wish) => {
    const [name = "", variable = ""] = wish.split("=", 2);
    const value = env[variable];
    const refused = (message: string): never =>
      fail({ code: "usage", message, hint: `export ${variable}='Bearer …'` }, EXIT.usage);
    if (OWN.has(name.toLowerCase())) return refused(`the header \`${name}\` is not yours to set`);
    if (value === undefined || value === "") return refused(`the variable \`${variable}\` is not set`);
    // The value itself is never printed.
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) return refused(`the value of \`${variable}\` cannot stand in a header`);
    return [name.toLowerCase(), value];
  });
  return Object.fromEntries(headers);
}

function readCertificates(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return fail({ code: "input", message: `\`${file}\` cannot be read` }, EXIT.badInput);
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  return fail({ code: "input", message: `\`${file}\` holds no certificate (PEM)` }, EXIT.badInput);
}

function said({ records, damaged, next, problem, stream }: Exporting, to: Destination): number {
  const place = forTerminal(destinationName(to));
  const what = `${records} records${damaged === 0 ? "" : ` and ${damaged} findings of damage`}`;
  // A file that is not there whole is not there at all.
  const isThere = problem === undefined || to.kind === "http" || to.kind === "syslog";
  if (to.kind !== "stdout" && isThere) complain(`${what} of ${forTerminal(stream.origin)} to ${place}, next ${next}\n`);
  if (problem !== undefined) complain(problemLines(problem));
  if (damaged > 0)
    complain(
      problemLines({
        code: "log-damaged",
        message: `the log is not as it was written: ${damaged} findings were exported among the records`,
        hint: "`ringfence log verify` says what it means",
      }),
    );
  return problem === undefined && damaged === 0 ? EXIT.ok : 1;
}

function onRetry(why: string, delayMs: number): void {
  complain(`not taken (${forTerminal(why, { max: 200 })}); again in ${Math.round(delayMs / 100) / 10} s\n`);
}

function random(): number {
  return randomInt(1_000_000) / 1_000_000;
}

/** The first ^C ends the delivery behind the batch that is under way; the second one the process. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort());
  return controller.signal;
}
