// `ringfence sessions show`: one session, running or over: where, what, what set its legs, and the tree of its processes with the files and
// hosts on each branch.
import { Command } from "commander";
import { type ProcessNode, treeLines } from "#core/session";
import { forTerminal } from "#core/text";
import {
  legsOfSession,
  listPasts,
  listSessions,
  pastBytes,
  type RecordedSession,
  recordedSession,
  type SessionMeta,
} from "#monitor";
import { callerStateDir } from "../caller.ts";
import { EXIT, fail } from "../exit.ts";
import { lastSession } from "../log/find.ts";
import { printJson } from "../print-json.ts";
import { sizeText } from "../size-text.ts";

interface Options {
  readonly json?: true;
  readonly all?: true;
}

/** The subcommand. */
export function sessionsShowCommand(): Command {
  return new Command("show")
    .description("one session: where, what, what set its legs, and its processes with their files and hosts")
    .argument("[session]", "its id, or `last` (the default)")
    .option("--all", "the whole tree of processes, however long")
    .option("--json", "print one JSON document")
    .action((session: string | undefined, options: Options) => show(session ?? "last", options));
}

function show(session: string, options: Options): void {
  const stateDir = callerStateDir(process.env);
  const all = listSessions(stateDir);
  const id = session === "last" ? (lastSession(stateDir) ?? all.at(-1)?.id) : session;
  const meta = all.find((one) => one.id === id);
  const record = id === undefined || id.includes("/") ? undefined : recordedSession(stateDir, id);
  if (id === undefined || (meta === undefined && record === undefined)) {
    const message = session === "last" ? "there is no session" : `there is no session \`${session}\``;
    return fail(
      { code: "session-unknown", message, hint: "`ringfence sessions` and `ringfence log verify` list them" },
      EXIT.badInput,
    );
  }
  const legs = legsOfSession(stateDir, id);
  const facts = { ...factsOf(id, meta, record), legs };
  if (options.json === true) {
    const processes = record?.tree.roots.map(plain) ?? [];
    printJson({ ...facts, processes, lost: record?.tree.lost ?? 0 }, 1);
    return;
  }
  const rows: readonly (readonly [string, string])[] = [
    ["session", id],
    ["guard", facts.contained ? "contained (a fence stands around it)" : "uncontained (only hooks guard it)"],
    ["state", `${facts.state}${facts.exitCode === undefined ? "" : `, exit ${facts.exitCode}`}`],
    ["command", meta?.kept === true ? "(the fence for the commands of an agent outside)" : facts.command.join(" ")],
    ["workspace", `${facts.workspace} (${facts.kind})`],
    ["started", facts.startedAt],
    ...(facts.endedAt === undefined ? [] : [["ended", facts.endedAt] as const]),
    ["held", facts.held === 0 ? "0" : `${facts.held} (ringfence review ${id})`],
    ...undoRow(stateDir, id),
    ...legs.map(({ leg, cause, origin }) => [`leg ${leg}`, `${cause} (${origin})`] as const),
  ];
  for (const [name, text] of rows) process.stdout.write(`${name.padEnd(10)} ${forTerminal(text, { max: 200 })}\n`);
  if (record === undefined || record.tree.roots.length === 0) return;
  const view = { root: facts.workspace, most: options.all === true ? Number.MAX_SAFE_INTEGER : 60, files: 6 };
  process.stdout.write(`processes\n${treeLines(record.tree, view).join("\n")}\n`);
}

interface Facts extends Pick<SessionMeta, "id" | "held" | "workspace" | "startedAt" | "command"> {
  readonly contained: boolean;
  readonly state: string;
  readonly kind: string;
  readonly endedAt?: string;
  readonly exitCode?: number;
  readonly kept?: true;
}

/** The metadata knows how it stands; of a session whose folders are gone, only the record tells. */
function factsOf(id: string, meta: SessionMeta | undefined, record: RecordedSession | undefined): Facts {
  if (meta !== undefined) {
    const { state, held, kind, workspace, startedAt, endedAt, exitCode, command, kept } = meta;
    return {
      ...{ id, contained: kind !== "uncontained", state, held, kind, workspace, startedAt, command },
      ...(endedAt === undefined ? {} : { endedAt }),
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(kept === undefined ? {} : { kept }),
    };
  }
  const { open = {}, close, command = [], startedAt = "", workspace = "" } = record ?? {};
  const exit = close?.data["exit"];
  const kind = typeof open["kind"] === "string" ? open["kind"] : "uncontained";
  return {
    ...{ id, contained: kind !== "uncontained", kind, workspace, startedAt, command },
    state: close === undefined ? "killed" : "done",
    held: 0,
    ...(close === undefined ? {} : { endedAt: close.endedAt }),
    ...(typeof exit === "number" ? { exitCode: exit } : {}),
  };
}

function plain(node: ProcessNode): object {
  const wrote = [...node.wrote].map(([path, operations]) => ({ path, operations }));
  return { ...node, wrote, children: node.children.map(plain) };
}

/** What is kept so that the session can be undone. */
function undoRow(stateDir: string, id: string): readonly (readonly [string, string])[] {
  const isKept = listPasts(stateDir).some((past) => past.id === id);
  return isKept ? [["undo", `${sizeText(pastBytes(stateDir, id))} kept (ringfence sessions undo ${id})`]] : [];
}
