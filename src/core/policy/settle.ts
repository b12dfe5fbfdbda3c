// The second, separate question (PERM-3). The first is what the rules say of an act (decide.ts); this one is whether a person is asked at
// all, given the approval policy and what the fence holds. A deny stays a deny, and nothing here makes a rule.
//
//   untrusted   only the read-only set passes without a person, whatever an allow rule says
//   on-request  the agent works inside its fence; a person is asked about what no fence answers. Without walls: about all that rules leave open
//   on-failure  as on-request, and once more when the fence refused what was left open
//   never       nobody is asked: what the fence does not answer is a no
//
// A fence answers only what is *left open*: no rule allows it, or it cannot be proved. Its walls hold whatever the text turns out to do. Ask rules,
// rules that may match, irreversible acts, protected paths and the third leg are questions with walls too: no fence can take those back
// (PERM-4, PERM-11). In sandbox mode read-only nothing writes: a tool that would is denied, and a command that no fence holds and that does more than
// read is denied as well.
import type { ActionKind } from "../action.ts";
import type { Obligation, Reason } from "../decision.ts";
import type { Verdict } from "../verdict.ts";
import type { Judgement } from "./judge.ts";
import type { ApprovalPolicy, SandboxMode } from "./policy.ts";

/** What is known of the session. */
export interface Circumstances {
  readonly approvals: ApprovalPolicy;
  readonly sandbox: SandboxMode;
  /** True when the act runs inside the session's fence; false when only hooks guard it. */
  readonly walls: boolean;
  /** True when the policy denies or asks about any shell command. */
  readonly limited: boolean;
  /** True for a call whose MCP server is held: by a fence of its own that has no way out, or because the tool plainly reads. */
  readonly serverHeld?: boolean;
}

/** The final answer: `ask` needs a person now, and `deny` is final. */
export interface Settlement {
  readonly verdict: Verdict;
  /** Why it is not what the rules said, if it is not. */
  readonly reason?: Reason;
  /** `hold`: allowed for now, and asked again when the fence refuses it (on-failure). */
  readonly obligations: readonly Obligation[];
}

/** The kinds of act that a fence holds by itself. An MCP server of a client's, or an unknown tool, may act anywhere. */
const HELD: ReadonlySet<ActionKind> = new Set(["exec", "read", "write", "edit", "delete", "fetch", "agent"]);
const CHANGES: ReadonlySet<ActionKind> = new Set(["write", "edit", "delete"]);
/** What merely nobody granted: it is known what it does. Every code that stands in neither list, a later version's too, insists on a person. */
const NOT_GRANTED: ReadonlySet<string> = new Set(
  `no-rule reads-outside writes-file writes-outside outside-workspace directory write write-elsewhere writes-in-place writes-lock delete
  network insecure`.split(/\s+/),
);
/** What nobody could prove. Where a rule of `Bash` denies or asks, it could be what that rule means, and is no longer open (DESIGN 7 rule 3). */
const NOT_PROVED: ReadonlySet<string> = new Set(
  `unknown-option unknown-subcommand unknown-syntax syntax not-constant program-not-constant descriptor-variable redirection-not-constant
  directory-not-known evaluated-text changes-shell option-name config plugin editor script standard-input runs-code runs-file runs-helper
  runs-module runs-pager runs-program runs-script runs-shell runs-browser never-alone sets-loaded-name sets-variable shows-environment
  too-deep too-many-commands`.split(/\s+/),
);
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
  if (terms.approvals === "untrusted")
    return verdict === "allow" && !reads
      ? { verdict: "ask", reason: reasonOf("approval-untrusted", "ask", judgement), obligations }
      : { verdict, obligations };
  if (verdict === "allow") return { verdict, obligations };
  if (fenceHolds(judgement, terms))
    return {
      verdict: "allow",
      reason: reasonOf("held-by-fence", "allow", judgement),
      obligations: terms.approvals === "on-failure" ? ["sandbox", "hold"] : ["sandbox"],
    };
  return terms.approvals === "never" ? no("approval-never", judgement) : { verdict, obligations };
}

function fenceHolds({ kinds, reasons }: Judgement, terms: Circumstances): boolean {
  const { walls, sandbox, limited, serverHeld } = terms;
  return (
    walls &&
    sandbox !== "danger-full-access" &&
    kinds.length > 0 &&
    kinds.every((kind) => HELD.has(kind) || (kind === "mcp" && serverHeld === true)) &&
    reasons.every(
      (reason) =>
        reason.verdict === "allow" || NOT_GRANTED.has(reason.code) || (!limited && NOT_PROVED.has(reason.code)),
    )
  );
}

function no(code: string, judgement: Judgement): Settlement {
  return { verdict: "deny", reason: reasonOf(code, "deny", judgement), obligations: [] };
}

function reasonOf(code: string, verdict: Verdict, { reasons }: Judgement): Reason {
  const about = reasons.find((reason) => reason.verdict !== "allow") ?? reasons[0];
  return { code, verdict, subject: about?.subject ?? "this call" };
}
