// What `ringfence approve` and a session say to each other: one JSON line there, one back (for `watch`: one back for each question). Parsed at the door,
// both ways: the one end is whoever can open the socket, the other is shown to a person.
import { createHash } from "node:crypto";
import * as z from "zod";
import { err, ok, once, type Problem, type Result } from "#core";
import { questionDigest } from "#core/session";
import type { Said } from "./question-channel.ts";
import type { OpenQuestion } from "./question-race.ts";

/** Longest line of a request; of a reply, which may hold many questions. */
export const WIRE_MOST: { readonly request: number; readonly reply: number } = { request: 4_096, reply: 4_194_304 };

/** A request of a client. */
export type ApprovalRequest =
  | { readonly v: 1; readonly do: "list" }
  | { readonly v: 1; readonly do: "watch" }
  | ({ readonly v: 1; readonly do: "answer"; readonly id: string; readonly digest: string } & Pick<
      Said,
      "verdict" | "scope"
    >);

// Schemas are made when somebody asks: most sessions end before anybody does.
const text = z.string().max(20_000);
const request = once(
  (): z.ZodType<ApprovalRequest> =>
    z.discriminatedUnion("do", [
      z.strictObject({ v: z.literal(1), do: z.literal("list") }),
      z.strictObject({ v: z.literal(1), do: z.literal("watch") }),
      z.strictObject({
        v: z.literal(1),
        do: z.literal("answer"),
        id: z.string().max(16),
        digest: z.string().regex(/^[0-9a-f]{64}$/),
        verdict: z.enum(["allow", "deny"]),
        scope: z.enum(["once", "session", "rule"]),
      }),
    ]),
);

const reply = once(() => {
  const question = z.strictObject({
    id: z.string().max(16),
    session: text,
    agent: text,
    digest: text,
    act: z.strictObject({
      kind: z.enum(["exec", "read", "write", "edit", "delete", "fetch", "mcp", "agent", "prompt", "other"]),
      text,
      cwd: text,
    }),
    why: z.array(text).min(1).max(100),
    legs: z.array(z.strictObject({ leg: z.enum(["A", "B", "C"]), cause: text })).max(100),
    rule: text.exactOptional(),
    contained: z.boolean(),
    askedAt: z.number(),
    expiresAt: z.number(),
  });
  const open = z.strictObject({
    question,
    late: z.boolean(),
    effect: z.strictObject({ rule: text, allows: z.array(text).max(1_000) }).exactOptional(),
  });
  return z.discriminatedUnion("ok", [
    z.strictObject({ ok: z.literal(true), questions: z.array(open).max(10_000) }),
    z.strictObject({
      ok: z.literal(false),
      problem: z.strictObject({ code: text, message: text, hint: text.exactOptional() }),
    }),
  ]);
});
const answered = once(() =>
  z.strictObject({ ok: z.literal(true), result: z.enum(["answered", "granted", "refused"]) }),
);

/** Reads one request. Total. */
export function parseRequest(line: string): Result<ApprovalRequest, Problem> {
  const parsed = request().safeParse(asJson(line));
  return parsed.success ? ok(parsed.data) : err({ code: "bad-request", message: "the request is not understood" });
}

/** Reads the questions of a reply. A question whose digest is not that of its own words is none. */
export function parseQuestions(line: string): Result<readonly OpenQuestion[], Problem> {
  const parsed = reply().safeParse(asJson(line));
  if (!parsed.success) return err({ code: "bad-reply", message: "the session's reply is not understood" });
  if (!parsed.data.ok) return err(parsed.data.problem as Problem);
  const questions = parsed.data.questions.map(({ effect, ...rest }): OpenQuestion => ({ ...rest, effect }));
  const honest = questions.every(({ question: asked }) => questionDigest(asked, sha256) === asked.digest);
  return honest ? ok(questions) : err({ code: "bad-reply", message: "a question is not what its digest says" });
}

/** Reads what became of an answer. */
export function parseAnswered(line: string): Result<"answered" | "granted" | "refused", Problem> {
  const value = asJson(line);
  const good = answered().safeParse(value);
  if (good.success) return ok(good.data.result);
  const bad = reply().safeParse(value);
  return err(
    bad.success && !bad.data.ok
      ? (bad.data.problem as Problem)
      : { code: "bad-reply", message: "the session's reply is not understood" },
  );
}

function asJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
