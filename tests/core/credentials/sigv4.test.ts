// Against the examples that AWS publishes: the vanilla request of its test suite, and the chunked upload of the S3 documentation.
import { createHash, createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  chunkSignature,
  type Hash,
  readAuthorization,
  type SignedParts,
  signatureOf,
  signingKey,
  writeAuthorization,
} from "#core/credentials";

const hash: Hash = {
  sha256: (data) => createHash("sha256").update(data).digest("hex"),
  hmac: (key, data) => createHmac("sha256", key).update(data).digest(),
};

const vanilla: SignedParts = {
  ...{ method: "GET", path: "/", query: "", payload: hash.sha256(""), time: "20150830T123600Z", once: false },
  headers: [
    ["host", "example.amazonaws.com"],
    ["x-amz-date", "20150830T123600Z"],
  ],
  signed: ["host", "x-amz-date"],
  scope: { date: "20150830", region: "us-east-1", service: "service" },
};
const SUITE_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

describe("Signature Version 4", () => {
  it("signs AWS's vanilla request", () => {
    expect(signatureOf(vanilla, SUITE_KEY, hash)).toBe(
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    );
  });

  it("sorts and encodes a query as AWS's suite does", () => {
    const parts = { ...vanilla, query: "Param2=value2&Param1=value1" };
    expect(signatureOf(parts, SUITE_KEY, hash)).toBe(
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    );
    expect(signatureOf({ ...parts, query: "Param1=value1&Param2=value2" }, SUITE_KEY, hash)).toBe(
      signatureOf(parts, SUITE_KEY, hash),
    );
  });

  it("signs S3's chunked upload, and every chunk of it", () => {
    const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const scope = { date: "20130524", region: "us-east-1", service: "s3" };
    const time = "20130524T000000Z";
    const headers = [
      ["content-encoding", "aws-chunked"],
      ["content-length", "66824"],
      ["host", "s3.amazonaws.com"],
      ["x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"],
      ["x-amz-date", time],
      ["x-amz-decoded-content-length", "66560"],
      ["x-amz-storage-class", "REDUCED_REDUNDANCY"],
    ] as const;
    const seed = signatureOf(
      {
        ...{ method: "PUT", path: "/examplebucket/chunkObject.txt", query: "", once: true, time, scope, headers },
        ...{ payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", signed: headers.map(([name]) => name) },
      },
      secret,
      hash,
    );
    expect(seed).toBe("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
    const key = signingKey(scope, secret, hash);
    const first = chunkSignature({ time, scope, before: seed, data: Buffer.alloc(65_536, "a") }, key, hash);
    const second = chunkSignature({ time, scope, before: first, data: Buffer.alloc(1024, "a") }, key, hash);
    const last = chunkSignature({ time, scope, before: second, data: Buffer.alloc(0) }, key, hash);
    expect([first, second, last]).toEqual([
      "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
      "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ]);
  });

  it("reads the header it writes, and no other spelling of it", () => {
    const value = writeAuthorization({
      keyId: "AKIDEXAMPLE",
      scope: vanilla.scope,
      signed: vanilla.signed,
      signature: "0".repeat(64),
    });
    expect(readAuthorization(value)).toEqual({
      keyId: "AKIDEXAMPLE",
      scope: vanilla.scope,
      signed: vanilla.signed,
      signature: "0".repeat(64),
    });
    for (const bad of [
      `${value} `,
      `${value},x`,
      value.replace("host;", ""),
      value.replace("host", "host;host"),
      `x${value}`,
    ])
      expect(readAuthorization(bad)).toBeUndefined();
  });
});
