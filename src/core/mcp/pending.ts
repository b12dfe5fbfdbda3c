// A description of which something was held, kept until a person looks at it: what they are shown is this, and what they approve is this, whatever the
// server says meanwhile.
import { err, ok, type Result } from "../result.ts";
import type { ServerDescription } from "./description.ts";
import { readDescription } from "./description-read.ts";
import { readFindings } from "./finding-read.ts";
import { isList, isObject, type Json, type JsonObject, member, writeJson } from "./json.ts";
import { readJson } from "./json-read.ts";
import type { Finding } from "./screen/finding.ts";
import type { ServerTarget } from "./target.ts";

/** One server that waits for a person. */
export interface Pending {
  readonly server: string;
  readonly target: ServerTarget;
  /** The folder in which its client worked, and the lock that it is held to there. */
  readonly workspace: string;
  readonly lockFile: string;
  readonly description: ServerDescription;
  readonly findings: readonly Finding[];
}

const VERSION = 1;
const LIMITS = { maxBytes: 256 << 20, maxDepth: 140 } as const;

/** As text. */
export function pendingText(pending: Pending): string {
  const { server, workspace, lockFile, description, findings, target } = pending;
  const said: JsonObject = { ...description };
  return `${writeJson({
    pending: VERSION,
    server,
    target: { ...target },
    workspace,
    lockFile,
    description: said,
    findings: findings.map(({ severity, kind, at, excerpt }) => ({ severity, kind, at, excerpt })),
  })}\n`;
}

/** Reads it; the error is a word. */
export function readPending(bytes: Uint8Array): Result<Pending, string> {
  const read = readJson(bytes, LIMITS);
  if (!read.ok) return err(read.error.code);
  const text = (key: string): string | undefined => {
    const value = member(read.value, key);
    return typeof value === "string" ? value : undefined;
  };
  const [server, workspace, lockFile] = [text("server"), text("workspace"), text("lockFile")];
  const target = readTarget(member(read.value, "target"));
  const description = readDescription(member(read.value, "description") ?? null);
  const findings = readFindings(member(read.value, "findings"));
  const whole = server !== undefined && workspace !== undefined && lockFile !== undefined && target !== undefined;
  if (member(read.value, "pending") !== VERSION || !whole || !description.ok || findings === undefined)
    return err("of another form");
  return ok({ server, target, workspace, lockFile, description: description.value.description, findings });
}

/** A target as JSON says it, else undefined. */
export function readTarget(value: Json | undefined): ServerTarget | undefined {
  if (!isObject(value)) return undefined;
  const { argv, url, env, folder, sealed, ...unknown } = value;
  if (Object.keys(unknown).length > 0 || !isTextOrNone(folder) || !isTextOrNone(sealed)) return undefined;
  const seal = sealed === undefined ? {} : { sealed };
  if (typeof url === "string")
    return argv === undefined && env === undefined && folder === undefined ? { url, ...seal } : undefined;
  const [words, names] = [readWords(argv), env === undefined ? undefined : readWords(env)];
  if (url !== undefined || words === undefined || (env !== undefined && names === undefined)) return undefined;
  return {
    argv: words,
    ...(names === undefined ? {} : { env: names }),
    ...(folder === undefined ? {} : { folder }),
    ...seal,
  };
}

function isTextOrNone(value: Json | undefined): value is string | undefined {
  return value === undefined || typeof value === "string";
}

function readWords(value: Json | undefined): readonly string[] | undefined {
  const words = isList(value) ? value.filter((word) => typeof word === "string") : [];
  return isList(value) && words.length === value.length && words.length > 0 ? words : undefined;
}
