// The second, separate question (PERM-3). The first is what the rules say of an act (decide.ts); this one is whether a person is asked at
// all, given the approval policy and what the fence holds. A deny stays a deny, and nothing here makes a rule.
//
//   untrusted   only the read-only set passes without a person, whatever an allow rule says
//   on-request  asks what the rules leave open
//   on-failure  what the rules leave open runs in the fence first; a person is asked when the fence refused it. Without a fence to refuse
//               (`walls` false, or danger-full-access) it asks as on-request does
//   never       nobody is asked: every question is a no
//
// Irreversible acts, protected paths, ask rules and shell that is not understood are questions under on-failure too: no fence can take
// them back or knows what they are (PERM-4, PERM-11, I5). In sandbox mode read-only nothing writes: a tool that would is denied, and a
// command that no fence holds and that does more than read is denied as well.
import type { ActionKind } from "../action.ts";
import type { Obligation, Reason } from "../decision.ts";
import type { Verdict } from "../verdict.ts";
import type { Judgement } from "./decide.ts";
import type { ApprovalPolicy, SandboxMode } from "./policy.ts";

/** What is known of the session. */
export interface Circumstances {
  readonly approvals: ApprovalPolicy;
  readonly sandbox: SandboxMode;
  /** True when the act runs inside the session's fence; false when only hooks guard it. */
  readonly walls: boolean;
}

/** The final answer: `ask` needs a person now, and `deny` is final. */
export interface Settlement {
  readonly verdict: Verdict;
  /** Why it is not what the rules said, if it is not. */
  readonly reason?: Reason;
  /** `hold`: allowed for now, and asked again when the fence refuses it (on-failure). */
  readonly obligations: readonly Obligation[];
}

/** The kinds of act that a fence holds by itself. An MCP server, another agent or an unknown tool may run anywhere. */
const HELD: ReadonlySet<ActionKind> = new Set(["exec", "read", "write", "edit", "delete", "fetch"]);
const CHANGES: ReadonlySet<ActionKind> = new Set(["write", "edit", "delete"]);
/** What merely nobody granted. Everything else that asks has a reason of its own. */
const LEFT_OPEN: ReadonlySet<string> = new Set(["no-rule", "reads-outside", "writes-file", "writes-outside"]);
/** Reasons of an allow that reads and does nothing else. */
const ONLY_READS: ReadonlySet<string> = new Set(["read-only", "free", "nothing-runs", "inert-tool", "prompt"]);

/** Puts the second question to the judgement of one call. */
export function settle(judgement: Judgement, terms: Circumstances): Settlement {
  const { verdict, obligations, kinds } = judgement;
  if (verdict === "deny") return { verdict, obligations };
  const reads = judgement.reasons.every((reason) => ONLY_READS.has(reason.code));
  if (terms.sandbox === "read-only" && !reads) {
    const changes = kinds.some((kind) => CHANGES.has(kind)) || (!terms.walls && kinds.includes("exec"));
    if (changes) return no("sandbox-read-only", judgement);
  }
  switch (terms.approvals) {
    case "never":
      return verdict === "ask" ? no("approval-never", judgement) : { verdict, obligations };
    case "untrusted":
      return verdict === "allow" && !reads
        ? { verdict: "ask", reason: reasonOf("approval-untrusted", "ask", judgement), obligations }
        : { verdict, obligations };
    case "on-request":
      return { verdict, obligations };
    case "on-failure":
      return verdict === "ask" && fenceHolds(judgement, terms)
        ? {
            verdict: "allow",
            reason: reasonOf("approval-on-failure", "allow", judgement),
            obligations: ["sandbox", "hold"],
          }
        : { verdict, obligations };
    default:
      return terms.approvals satisfies never;
  }
}

function fenceHolds({ kinds, reasons }: Judgement, { walls, sandbox }: Circumstances): boolean {
  return (
    walls &&
    sandbox !== "danger-full-access" &&
    kinds.length > 0 &&
    kinds.every((kind) => HELD.has(kind)) &&
    reasons.every((reason) => reason.verdict === "allow" || LEFT_OPEN.has(reason.code))
  );
}

function no(code: string, judgement: Judgement): Settlement {
  return { verdict: "deny", reason: reasonOf(code, "deny", judgement), obligations: [] };
}

function reasonOf(code: string, verdict: Verdict, { reasons }: Judgement): Reason {
  const about = reasons.find((reason) => reason.verdict !== "allow") ?? reasons[0];
  return { code, verdict, subject: about?.subject ?? "this call" };
}
