// Questions that a person answered with yes, as the rules that would have spared them (PERM-8). What a person refused is not proposed again.
import type { LogRecord } from "../../log/index.ts";
import { broadAllow } from "../lint-broad.ts";
import { compileRules } from "../rules.ts";
import { Gathering, type LearnPlaces, type LeftOut, type Proposal } from "./proposal.ts";

/** Takes records one by one. */
export class QuestionLessons {
  /** The rule that each question offers. */
  private readonly open = new Map<string, string>();
  private readonly rules = new Map<string, { readonly found: Gathering; yes: number; no: number }>();
  private readonly left = new Map<string, { readonly because: string; readonly found: Gathering }>();
  private readonly places: LearnPlaces;

  constructor(places: LearnPlaces) {
    this.places = places;
  }

  take(record: LogRecord): void {
    const { type, data } = record;
    if (type === "approval.ask") this.ask(record);
    if (type === "approval.answer") this.answer(record);
    if (type === "tool.call" && data["verdict"] === "deny") this.deny(record);
  }

  proposals(): readonly Proposal[] {
    return [...this.rules].flatMap(([rule, { found, yes, no }]): readonly Proposal[] => {
      if (no > 0) return [];
      const at = { file: "learned", line: 1, column: 1 };
      const compiled = compileRules({ allow: [{ text: rule, at, layer: "user" }], ask: [], deny: [] }, this.places);
      if (!compiled.ok) return [];
      const broad = compiled.value.allow.flatMap((one) => broadAllow(one, this.places));
      const unsure = yes === 0 ? ["nobody has said yes to it yet"] : [];
      return [
        {
          ...{ key: "permissions.allow" as const, value: rule, evidence: found.evidence },
          risks: [...broad.map(({ message }) => message), ...unsure],
        },
      ];
    });
  }

  leftOut(): readonly LeftOut[] {
    const refused = [...this.rules].flatMap(([what, { found, no }]) =>
      no === 0 ? [] : [{ what, because: "a person said no", evidence: found.evidence }],
    );
    return [
      ...refused,
      ...[...this.left].map(([what, { because, found }]) => ({ what, because, evidence: found.evidence })),
    ];
  }

  private ask(record: LogRecord): void {
    const { id, rule } = record.data;
    if (typeof id !== "string" || typeof rule !== "string") return;
    const entry = this.rules.get(rule) ?? { found: new Gathering("asked"), yes: 0, no: 0 };
    this.rules.set(rule, entry);
    entry.found.add(record);
    this.open.set(id, rule);
  }

  /** A silence is nobody's no. */
  private answer({ data }: LogRecord): void {
    const entry = this.rules.get(this.open.get(String(data["id"])) ?? "");
    if (entry === undefined) return;
    if (data["verdict"] === "allow") entry.yes += 1;
    else if (!/^(?:timeout|nobody|flood)$/.test(String(data["by"]))) entry.no += 1;
  }

  private deny(record: LogRecord): void {
    const reasons = Array.isArray(record.data["reasons"]) ? record.data["reasons"] : [];
    for (const reason of reasons) {
      const { code, verdict, rule } = reason as Readonly<Record<string, unknown>>;
      if (code !== "rule-matched" || verdict !== "deny" || typeof rule !== "string") continue;
      const entry = this.left.get(rule) ?? {
        because: "a deny rule; no allow undoes it",
        found: new Gathering("denied"),
      };
      this.left.set(rule, entry);
      entry.found.add(record);
    }
  }
}
