// A proxy with a broker among its filters, for tests against real servers on loopback. `ok.test` is one of them, in plain HTTP.
import { onTestFinished } from "vitest";
import { type CredentialEntry, resolveCredentials } from "#core/credentials";
import type { RecordBody } from "#core/log";
import { parseDuration } from "#core/policy";
import { type Broker, credentialFilter, openBroker } from "#credentials";
import { type Bed, bed } from "./proxy-bed.ts";

/** An open one. */
export interface BrokerBed extends Bed {
  readonly broker: Broker;
  /** A placeholder by the name of its variable. */
  readonly placeholder: (variable: string) => string;
  /** What `secret.use` says. */
  readonly uses: () => readonly unknown[];
}

/** Opens it. `entries` get `ok.test:port` as their host where they name none, and plain HTTP is allowed there. */
export async function brokerBed(options: {
  readonly port: number;
  readonly entries: readonly (Omit<CredentialEntry, "inject"> & {
    readonly inject?: Partial<NonNullable<CredentialEntry["inject"]>>;
  })[];
  readonly env: Readonly<Record<string, string>>;
  readonly append?: (body: RecordBody) => Promise<number>;
  readonly now?: () => number;
}): Promise<BrokerBed> {
  const { append, entries, env, port } = options;
  const resolved = resolveCredentials(
    entries.map((entry) => ({
      entry: { ...entry, inject: { hosts: [`ok.test:${port}`], plainHttp: true, ...entry.inject } },
      at: { file: "policy.yaml", line: 9, column: 1 },
    })),
    { agent: [], has: (name) => env[name] !== undefined, handedIn: [], milliseconds: parseDuration },
  );
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
  const opened = await openBroker({
    ...{ credentials: resolved.value, env, home: "/nonexistent", workspace: "/nowhere", session: "test" },
    now: options.now ?? Date.now,
  });
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  const broker = opened.value;
  onTestFinished(async () => void (await broker.close()));
  const records: RecordBody[] = [];
  const record = append ?? (async (body) => records.push(body));
  const open = await bed({
    allow: [`ok.test:${port}`, `else.test:${port}`],
    privateHosts: ["ok.test", "else.test"],
    append: record,
    filters: [credentialFilter({ broker, append: record })],
  });
  return {
    ...open,
    records,
    broker,
    placeholder: (variable) => broker.env[variable] ?? "",
    uses: () => records.filter(({ type }) => type === "secret.use").map(({ data }) => data),
  };
}
