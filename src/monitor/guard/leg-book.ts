// The legs of one living session: the fold of core/session with its current state, and each new cause on record.
import type { Append } from "#core/log";
import {
  approveLegs,
  judgeLegs,
  type LegPolicy,
  type LegState,
  type LegVerdict,
  NO_LEGS,
  newCauses,
  type Observation,
  observe,
} from "#core/session";

/** Rules of one judgement, from the policy in force. */
export interface LegRule {
  readonly ruleOfTwo: "off" | "ask" | "deny";
  readonly legs: LegPolicy;
}

/** One session's legs. Only a new session starts without them. */
export class LegBook {
  private current: LegState = NO_LEGS;
  private readonly append: Append;
  /** Calls whose third leg the agent's own prompt was left to ask about. */
  private readonly handedOver = new Set<string>();

  constructor(append: Append) {
    this.append = append;
  }

  get state(): LegState {
    return this.current;
  }

  /** What the Rule of Two says of an act that would be seen as `would`. */
  judge(would: readonly Observation[], rule: LegRule): LegVerdict {
    return judgeLegs(this.current, would, rule);
  }

  /** A person said yes to the third leg. */
  approve(): void {
    this.current = approveLegs(this.current);
  }

  /** The agent's own prompt asks about the third leg of this call: it happening is the yes. */
  handOver(toolUseId: string): void {
    this.handedOver.add(toolUseId);
  }

  /** The call happened. */
  happened(toolUseId: string): void {
    if (this.handedOver.delete(toolUseId)) this.approve();
  }

  /** Takes in what was seen, at once; resolves when each new leg is on record. Rejects when it cannot be. */
  async take(seen: readonly Observation[], legs: LegPolicy): Promise<void> {
    const before = this.current;
    this.current = seen.reduce((state, observation) => observe(state, observation, legs), before);
    const written = newCauses(before, this.current).map(({ leg, cause, source, origin }) =>
      this.append({ type: "leg.set", origin, data: { leg, cause, source } }),
    );
    await Promise.all(written);
  }
}
