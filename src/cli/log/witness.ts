// `ringfence log witness`: serve as a witness for other people's logs, or have one's own cosigned by one.
import { Command, InvalidArgumentError } from "commander";
import {
  openSigned,
  openWitness,
  parseTrust,
  serveWitness,
  sha256,
  submitToWitness,
  type TrustedLog,
  type WitnessPlace,
} from "#audit";
import { formatCosignerKey, parseCosignerKey } from "#core/log";
import { forTerminal } from "#core/text";
import { callerStateDir } from "../caller.ts";
import { EXIT, fail } from "../exit.ts";
import { printJson } from "../print-json.ts";
import { repeated } from "../repeated.ts";
import { findLog } from "./find.ts";
import { readInput, trustedKey } from "./key.ts";

interface Address {
  readonly host: string;
  readonly port: number;
}

interface ServeFlags {
  readonly dir: string;
  readonly trust: readonly string[];
  readonly origin?: string;
  readonly listen: Address;
  readonly name?: string;
}

interface SubmitFlags {
  readonly url: string;
  readonly witness: string;
  readonly key?: string;
  readonly json?: boolean;
}

/** The command with its two parts. */
export function witnessCommand(): Command {
  const command = new Command("witness").description("remember other machines' logs, or have this one's remembered");
  command
    .command("serve", { isDefault: true })
    .description("serve the C2SP witness protocol (add-checkpoint) until stopped")
    .requiredOption("--dir <folder>", "where the witness keeps its key and its memory")
    .requiredOption(
      "--trust <file>",
      "public keys of logs and machines, one a line (VKEY, or ORIGIN VKEY); may be repeated",
      repeated,
      [],
    )
    .option("--origin <origin>", "the log that the keys in `--trust` sign, where it is not the key's name")
    .option("--listen <address>", "HOST:PORT to listen on", parseAddress, { host: "127.0.0.1", port: 8731 })
    .option("--name <name>", "name of a new witness's key, such as witness.example/one")
    .action(serve);
  command
    .command("submit")
    .description("have the newest checkpoint of a log cosigned, and keep the answer beside the log")
    .argument("[session]", "a session (the last one by default), `ledger`, or the folder of a log")
    .requiredOption("--url <url>", "where the witness answers", parseUrl)
    .requiredOption("--witness <file>", "the witness's public key (its witness.vkey)")
    .option("--key <file>", "trust this public key instead of the machine's own")
    .option("--json", "print one JSON document")
    .action(async (session: string | undefined, flags: SubmitFlags) => {
      process.exitCode = await submit(session, flags);
    });
  return command;
}

async function serve(flags: ServeFlags): Promise<void> {
  const { origin } = flags;
  const named = flags.trust.flatMap(trustedIn);
  const trusted = named.map((log) => (origin !== undefined && log.origin === log.key.name ? { ...log, origin } : log));
  const now = (): number => Math.floor(Date.now() / 1000);
  const { dir, name } = flags;
  const witness = await openWitness({ dir, trusted, now, ...(name === undefined ? {} : { name }) });
  if (!witness.ok) return fail(witness.error, EXIT.cannotStart);
  const server = await serveWitness(witness.value, flags.listen);
  if (!server.ok) return fail(server.error, EXIT.cannotStart);
  const { host } = flags.listen;
  process.stdout.write(`listening on http://${host.includes(":") ? `[${host}]` : host}:${server.value.port}\n`);
  process.stdout.write(`witness key: ${formatCosignerKey(witness.value.key)}\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
  await server.value.close();
  await witness.value.close();
}

function trustedIn(file: string): readonly TrustedLog[] {
  const trusted = parseTrust(readInput(file));
  if (trusted !== undefined) return trusted;
  const hint = "one key a line: name+id+base64, with the log's origin in front where it is not the key's name";
  return fail(
    { code: "log-key", message: `\`${file}\` holds something else than public keys of logs`, hint },
    EXIT.badInput,
  );
}

async function submit(session: string | undefined, flags: SubmitFlags): Promise<number> {
  const stateDir = callerStateDir(process.env);
  const key = await trustedKey(stateDir, flags.key);
  const { dir } = findLog(stateDir, session);
  const done = await submitToWitness(() => openSigned(dir, [key]), placeOf(flags));
  if (!done.ok) return fail(done.error, done.error.code === "witness-refused" ? 2 : 1);
  const { origin, size, time } = done.value;
  const at = new Date(time * 1000).toISOString();
  if (flags.json === true) printJson({ origin, size, at, checkpoint: done.value.note }, 2);
  else process.stdout.write(`${forTerminal(origin)}: ${size} records, seen by the witness at ${at}\n`);
  return EXIT.ok;
}

function placeOf({ url, witness }: SubmitFlags): WitnessPlace {
  const key = parseCosignerKey(sha256, readInput(witness).trim());
  const hint = "its owner finds it as `witness.vkey` in the witness's folder";
  return key === undefined
    ? fail({ code: "log-key", message: `\`${witness}\` holds no witness's public key`, hint }, EXIT.badInput)
    : { url, key };
}

function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:\s]+)):([0-9]{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new InvalidArgumentError("give HOST:PORT, such as 127.0.0.1:8731");
  return { host: match[1] ?? match[2] ?? "", port };
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url?.search === "" && url.hash === "" && url.username === "" && url.password === "";
  if (url === undefined || !plain || !/^https?:$/.test(url.protocol))
    throw new InvalidArgumentError("give the http or https address of the witness");
  return url.href.replace(/\/$/, "");
}
