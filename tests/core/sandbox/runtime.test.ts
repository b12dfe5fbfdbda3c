// Which runtime a session gets, as tables: what the policy says, what stands here, what comes of it.
import { describe, expect, it } from "vitest";
import {
  candidateRuntimes,
  chooseRuntime,
  lackingFeatures,
  type RuntimeName,
  type RuntimeStanding,
  type RuntimeWish,
} from "#core/sandbox";

type Stands = Partial<Record<RuntimeName, "whole" | "faulty">>;

function standings(stands: Stands): readonly RuntimeStanding[] {
  return (["microvm", "kata", "gvisor", "container", "process"] as const).map((name) => ({
    facts: { name, isolation: "container", lacks: {}, mend: `install ${name}` },
    available: stands[name] !== undefined,
    complete: stands[name] === "whole",
    reason: stands[name] ?? "absent",
  }));
}

function chosen(wish: RuntimeWish, stands: Stands): string {
  const result = chooseRuntime(wish, standings(stands));
  return result.ok ? result.value.facts.name : result.error.code;
}

const ALL: Stands = { process: "whole", container: "whole", gvisor: "whole", kata: "whole", microvm: "whole" };

describe("the choice of a runtime", () => {
  it.each([
    ["medium", "auto", ALL, "process"],
    ["low", "auto", ALL, "process"],
    ["medium", "gvisor", ALL, "gvisor"],
    ["medium", "gvisor", { process: "whole" }, "runtime-missing"],
    ["medium", "gvisor", { gvisor: "faulty" }, "gvisor"],
    ["high", "auto", ALL, "microvm"],
    ["high", "auto", { process: "whole", container: "whole", gvisor: "faulty" }, "container"],
    ["high", "auto", { process: "whole", gvisor: "faulty" }, "runtime-missing"],
    ["high", "auto", { process: "whole" }, "runtime-missing"],
    ["high", "process", ALL, "tier-runtime"],
    ["high", "container", ALL, "container"],
    ["high", "gvisor", { container: "whole" }, "runtime-missing"],
    ["medium", "kubernetes", ALL, "runtime-missing"],
  ] as const)("tier %s, runtime %s, with %o: %s", (tier, runtime, stands, want) => {
    expect(chosen({ tier, runtime }, stands)).toBe(want);
  });

  it("never falls from a named one to another, and never below a tier's least", () => {
    expect(candidateRuntimes({ tier: "medium", runtime: "gvisor" })).toEqual(["gvisor"]);
    expect(candidateRuntimes({ tier: "high", runtime: "auto" })).not.toContain("process");
  });

  it("says how to have what is missing", () => {
    const missing = (wish: RuntimeWish, stands: Stands): string | undefined => {
      const result = chooseRuntime(wish, standings(stands));
      return result.ok ? undefined : result.error.hint;
    };
    expect(missing({ tier: "medium", runtime: "gvisor" }, {})).toBe("install gvisor");
    expect(missing({ tier: "high", runtime: "auto" }, {})).toBe("install container");
    expect(missing({ tier: "high", runtime: "auto" }, { gvisor: "faulty" })).toBe("`--runtime gvisor`, faults and all");
  });

  it("lists what does not hold in the order of the features", () => {
    const facts = {
      name: "gvisor",
      isolation: "user-kernel",
      lacks: { landlock: "b", recorder: "a" },
      mend: "",
    } as const;
    expect(lackingFeatures(facts)).toEqual([
      { feature: "recorder", why: "a" },
      { feature: "landlock", why: "b" },
    ]);
  });
});
