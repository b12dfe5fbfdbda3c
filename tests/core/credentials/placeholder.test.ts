// What stands inside for a secret: its shape, its length, and nothing of it.
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeholderFor } from "#core/credentials";

const made = (real: string): string => placeholderFor(real, randomBytes);

describe("a placeholder", () => {
  it.each([
    ["ghp_16C7e42F292c6912E7710c838347Ae178B4a", /^ghp_[A-Za-z0-9]{36}$/],
    [
      "github_pat_11ABCDEFG0abcdefghijkl_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg",
      /^github_pat_[A-Za-z0-9]{82}$/,
    ],
    ["sk-ant-api03-abcDEF_123-456", /^sk-ant-api03-[A-Za-z0-9]{14}$/],
    ["AKIAIOSFODNN7EXAMPLE", /^AKIA[A-Z0-9a-z]{16}$/],
    ["glpat-abcdefghij0123456789", /^glpat-[A-Za-z0-9]{20}$/],
    ["0123456789abcdef0123456789abcdef", /^[0-9a-f]{32}$/],
    ["123e4567-e89b-12d3-a456-426614174000", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
    ["31415926535897932384", /^\d{20}$/],
  ])("of %s has its shape", (real, shape) => {
    const placeholder = made(real);
    expect(placeholder).toMatch(shape);
    expect(placeholder).toHaveLength(real.length);
    expect(made(real)).not.toBe(placeholder);
  });

  it("of a JSON Web Token reads as one, with its times and no other claim", () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const real = `${part({ alg: "RS256", kid: "1" })}.${part({ iss: "corp", sub: "person@corp.example", exp: 2000000000, iat: 1900000000, scope: "everything" })}.${"s".repeat(120)}`;
    const placeholder = made(real);
    const claims = JSON.parse(Buffer.from(placeholder.split(".")[1] ?? "", "base64url").toString()) as Record<
      string,
      unknown
    >;
    expect(placeholder).toHaveLength(real.length);
    expect(Object.keys(claims).sort()).toEqual(["exp", "iat", "jti"]);
    expect(claims).toMatchObject({ exp: 2000000000, iat: 1900000000 });
  });

  it("is never the secret, has its length, and shares no run of it but the prefix", () => {
    const secret = fc.string({
      minLength: 24,
      maxLength: 200,
      unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+="),
    });
    fc.assert(
      fc.property(secret, (real) => {
        const placeholder = made(real);
        expect(placeholder).toHaveLength(real.length);
        // 16 letters in a row by chance: 2^-80
        for (let i = 16; i + 16 <= real.length; i += 1)
          if (placeholder.includes(real.slice(i, i + 16))) throw new Error(`${real} in ${placeholder}`);
        expect(placeholder).toMatch(/^[\x21-\x7e]+$/);
      }),
    );
  });
});
