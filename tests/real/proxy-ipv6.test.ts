// IPv6 outside: by name, by address literal in every way in, and only where a rule leads there.
import http from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { expandNetwork } from "#core/net";
import { bed, get, talk } from "../support/proxy-bed.ts";

const at = { file: "policy.yaml", line: 9, column: 1 };

it("is dialled by name and by address, and an address beside it is not", async ({ skip }) => {
  const server = http.createServer((_, response) => response.end("six"));
  const failed = await new Promise<Error | undefined>((done) => {
    server.once("error", done);
    server.listen(0, "::1", () => done(undefined));
  });
  if (failed !== undefined) skip(`no IPv6 loopback here (${failed.message})`);
  onTestFinished(() => void server.close());
  onTestFinished(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const block = { cidr: "::1/128", reason: "the test's own server", at };
  const plan = expandNetwork(
    {
      ...{ mode: "enforce", inspect: "auto", inspectExcept: [], deny: [] },
      allow: [`six.test:${port}`, `[::1]:${port}`].map((text) => ({ text, at })),
      allowPrivate: ["six.test", "::1"].map((host) => ({ host, ...block })),
    },
    { registries: {}, files: [], caFile: undefined },
  );
  if (!plan.ok) throw new Error(JSON.stringify(plan.error));
  const { egress, records, socketPath } = await bed({ allow: [], addresses: () => ["::1"] });
  egress.reload({ ...plan.value, maxConnections: 100 });
  for (const host of ["six.test", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]"])
    expect(await talk(socketPath, get(`http://${host}:${port}/`, `${host}:${port}`), undefined, 150)).toMatch(/six$/);
  expect(records.filter(({ type }) => type === "net.connect").map(({ data }) => data["address"])).toEqual(
    Array(4).fill("::1"),
  );
  const socks = Buffer.from([5, 1, 0, 5, 1, 0, 4, ...Array<number>(15).fill(0), 1, port >> 8, port & 255]);
  expect(await talk(socketPath, socks, undefined, 150)).toBe("\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00");
  for (const host of ["[::2]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[fe80::1]"])
    expect(await talk(socketPath, get(`http://${host}:${port}/`, `${host}:${port}`), undefined, 150)).toContain(
      "403 no-rule",
    );
});
