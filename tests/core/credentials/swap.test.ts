// Which placeholder goes out where, and what is refused: tests/cases/credentials/swap.jsonl.
import { describe, expect, it } from "vitest";
import { type CredentialEntry, planSwap, resolveCredentials, type Standing } from "#core/credentials";
import { readCases } from "../../support/cases.ts";

interface Head {
  readonly credentials: readonly {
    readonly name: string;
    readonly placeholder: string;
    readonly inject: NonNullable<CredentialEntry["inject"]>;
  }[];
}
interface Line {
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly fields: readonly (readonly [string, string])[];
  /** Each swap as `credential in place`, or the reason of the refusal. */
  readonly want: readonly string[] | string;
}

const [{ credentials }, ...lines] = readCases<Head, Line>("credentials/swap.jsonl");
const at = { file: "policy.yaml", line: 1, column: 1 };
const resolved = resolveCredentials(
  credentials.map(({ inject, name }) => ({ entry: { name, source: { env: "X" }, inject, env: [] }, at })),
  { agent: [], has: () => false, handedIn: [], milliseconds: () => undefined },
);
if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
const standing: readonly Standing[] = resolved.value.map((credential, index) => ({
  credential,
  placeholders: [credentials[index]?.placeholder ?? ""],
}));

describe("a request with credentials", () => {
  it.each(lines)("$name", ({ fields, method, url, want }) => {
    const [, scheme = "", place = "", target = ""] = /^(https?):\/\/([^/?]+)(.*)$/.exec(url) ?? [];
    const [host = "", port] = place.split(":");
    const plan = planSwap(
      {
        ...{ scheme: scheme as "http" | "https", host, method, target },
        port: port === undefined ? (scheme === "https" ? 443 : 80) : Number(port),
        fields: fields.map(([name, value]) => ({ name, value })),
      },
      standing,
    );
    if (typeof want === "string") expect(plan).toMatchObject({ kind: "refuse", reason: want });
    else
      expect(
        plan.kind === "swap"
          ? plan.swaps.map((swap) => `${swap.credential.name} in ${swap.at.name.toLowerCase()}`)
          : plan.kind === "none"
            ? []
            : plan,
      ).toEqual(want);
  });
});
