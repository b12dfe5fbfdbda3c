// A question on record, and what its answer says to the agent.
import type { Answer, Question } from "#core";
import type { RecordBody } from "#core/log";

/** Everything that is shown, so that the digest can be counted again from the log alone. */
export function askRecord(question: Question): RecordBody {
  const { id, digest, agent, contained, act, why, legs, rule, askedAt, expiresAt } = question;
  return {
    type: "approval.ask",
    origin: "observed",
    actor: { agent },
    data: {
      id,
      digest,
      contained,
      act: { ...act },
      why,
      legs: legs.map((leg) => ({ ...leg })),
      ...(rule === undefined ? {} : { rule }),
      waits: expiresAt - askedAt,
    },
  };
}

/** One sentence for the agent and the person who reads over its shoulder. Not escaped: doors do that. */
export function answerReason(question: Question, answer: Answer): string {
  const { id, rule } = question;
  const always = rule === undefined ? "" : ", and with `--rule` always";
  const again = `a person can type \`ringfence approve ${id}\` within 5 minutes; then exactly the same is let through once${always}`;
  switch (answer.by) {
    case "terminal":
    case "command":
    case "webhook":
    case "grant":
      return answer.verdict === "allow"
        ? `a person approved it (question ${id})`
        : `a person refused it (question ${id}); do not try to reach the same by another way`;
    case "timeout":
      return `nobody answered in time; ${again}`;
    case "nobody":
      return `it needs a person, and nobody was there to ask; ${again}`;
    case "flood":
      return "it needs a person, and too many questions were asked at once; wait a minute, and ask for less";
    default:
      return answer.by satisfies never;
  }
}
