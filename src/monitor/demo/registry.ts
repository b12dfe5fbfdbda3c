// The package registry that the person's own npm is set to: its host, and whether it lives on a non-public address (a company's mirror).
import { execFileSync } from "node:child_process";
import { lookup } from "node:dns/promises";
import { stringify } from "yaml";
import { classifyAddress } from "#core/net";

/** What the demo has to know to install one package, outside and inside. */
export interface Registry {
  /** Variables for the unfenced npm, whose decoy home knows no mirror. */
  readonly env: Readonly<Record<string, string>>;
  /** Exceptions for the policy: each names one address. */
  readonly allowPrivate: readonly { readonly host: string; readonly cidr: string; readonly reason: string }[];
  /** What the screen says when the policy needed an exception. */
  readonly note?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

// npm takes the configuration of the project it stands in, looking upwards: in a temporary folder that may be anybody's.
const NOWHERE = "/";

const REASON = "the demo's registry, as npm is configured on this machine, is a mirror on a non-public address";

/** Asks the person's npm. Undefined when there is none, or no usable answer. */
export async function findRegistry(env: Environment): Promise<Registry | undefined> {
  const text = npmConfig("registry", env) ?? "";
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  // The agent gets an address, never a login.
  url.username = "";
  url.password = "";
  const cafile = npmConfig("cafile", env);
  const addresses = await lookup(url.hostname, { all: true }).catch(() => []);
  const allowPrivate = addresses
    .filter(({ address }) => classifyAddress(address) !== "public")
    .map(({ address, family }) => ({
      host: url.hostname,
      cidr: `${address}/${family === 6 ? 128 : 32}`,
      reason: REASON,
    }));
  const note = `${url.hostname} is at ${allowPrivate.map(({ cidr }) => cidr).join(", ")}, not a public address: named in allowPrivate`;
  return {
    env: {
      npm_config_registry: url.href,
      npm_config_update_notifier: "false",
      ...(env["NODE_EXTRA_CA_CERTS"] === undefined ? {} : { NODE_EXTRA_CA_CERTS: env["NODE_EXTRA_CA_CERTS"] }),
      ...(cafile === undefined || cafile === "null" ? {} : { npm_config_cafile: cafile }),
    },
    allowPrivate,
    ...(allowPrivate.length === 0 ? {} : { note }),
  };
}

/** The policy of the fenced run, as a person would write it. Without a registry the network stays closed. */
export function registryPolicy(registry: Registry | undefined): string {
  const network = registry === undefined ? {} : { allow: ["preset:npm"], allowPrivate: registry.allowPrivate };
  // The caches folder would outlive the temporary project.
  return stringify({ version: 1, sandbox: { network, caches: "none", limits: { timeout: "5m" } } });
}

function npmConfig(key: string, env: Environment): string | undefined {
  try {
    return execFileSync("npm", ["config", "get", key], {
      cwd: NOWHERE,
      env,
      encoding: "utf8",
      timeout: 30_000,
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined; // no npm here: the act that needs it is skipped with its reason
  }
}
