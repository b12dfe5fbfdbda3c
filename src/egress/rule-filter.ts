// The policy's rules on methods, paths, protocols and programs as a filter of the proxy: the judgement is core's (decideRequest).
import { decideRequest, type EgressPlan, methodsOf, needsReading } from "#core/net";
import type { ExchangeFilter, HttpFilter, RequestView } from "./filter.ts";
import type { FilterRefusal } from "./made.ts";

/** What it needs. */
export interface RuleFilterOptions {
  /** The plan as it is now. */
  readonly plan: () => EgressPlan;
  /** Puts on record what report mode lets pass. A rejection is a refusal. */
  readonly report: (request: RequestView, refusal: FilterRefusal) => Promise<void>;
}

/** Makes it. */
export function ruleFilter(options: RuleFilterOptions): HttpFilter {
  return {
    needs: (host, port) => needsReading(options.plan(), host, port),
    async begin(request): Promise<ExchangeFilter | FilterRefusal | undefined> {
      const plan = options.plan();
      const verdict = decideRequest(plan, request, request.peer);
      if (verdict.allowed) return undefined;
      const { reason, hint, rule } = verdict;
      const refusal: FilterRefusal = {
        ...{ reason, hint, asked: shapeOf(request) },
        ...(rule === undefined ? {} : { rule: `${rule.text} (${rule.at.file}:${rule.at.line})` }),
      };
      if (plan.mode !== "report" || reason === "denied") return refusal;
      // a name that no rule covers was on record when it was dialled
      if (reason !== "no-rule") await options.report(request, refusal);
      return undefined;
    },
  };
}

/** `POST /repos/acme/*` for the record: what could be an identifier or a secret is a `*`, and there is no query. `GET+DELETE`: it asks for both. */
function shapeOf(request: Pick<RequestView, "method" | "target" | "fields">): string {
  const { target } = request;
  const methods = [...new Set(methodsOf(request))].map((one) => (/^[A-Za-z-]{1,24}$/.test(one) ? one : "?"));
  const segments = (target.split("?", 1)[0] ?? "").split("/").map((part) => (isPlainWord(part) ? part : "*"));
  return `${methods.slice(0, 3).join("+")} ${segments.slice(0, 12).join("/")}`;
}

function isPlainWord(segment: string): boolean {
  return (
    /^[A-Za-z0-9._@~+-]{0,40}$/.test(segment) && !/\d{5}|[0-9a-f]{12}|(?=\w*\d)(?=\w*[A-Za-z])\w{16}/i.test(segment)
  );
}
