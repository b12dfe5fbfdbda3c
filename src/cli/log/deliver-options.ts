// The options of `ringfence log export --format`.
import { type Command, InvalidArgumentError, Option } from "commander";
import { FORMATS, type Format } from "#core/log/export";

/** Flags as commander gives them. */
export interface DeliverFlags {
  readonly format?: Format;
  readonly to?: string;
  readonly follow?: boolean;
  readonly again?: boolean;
  readonly private?: boolean;
  readonly headerEnv?: readonly string[];
  readonly ca?: string;
  readonly unencrypted?: boolean;
  readonly gzip?: boolean;
  readonly batch?: number;
  readonly retries?: number;
  readonly messageSize?: number;
}

/** The flags that mean nothing without `--format`, as they are typed. */
export const DELIVERY_FLAGS: { readonly [flag in Exclude<keyof DeliverFlags, "format" | "private">]: string } = {
  ...{ to: "--to", follow: "--follow", again: "--again", headerEnv: "--header-env", ca: "--ca" },
  ...{ unencrypted: "--unencrypted", gzip: "--gzip", batch: "--batch", retries: "--retries" },
  messageSize: "--message-size",
};

/** Adds the options to the command. */
export function withDeliverOptions(command: Command): Command {
  const place = "- | FILE | http(s)://… | syslog[+tcp|+tls]://HOST[:PORT] | syslog+unix:///PATH (default: -)";
  const header = new Option("--header-env <name=VARIABLE>", "a header whose value stands in the environment");
  return command
    .addOption(new Option("--format <format>", "events in a format that collectors read").choices(FORMATS))
    .option("--to <place>", place)
    .option("--follow", "go on until the session closes")
    .option("--again", "from the first record on, whatever this receiver was sent before")
    .addOption(header.argParser(collect))
    .option("--ca <file>", "trust these certificates (PEM) instead of the system's")
    .option("--unencrypted", "allow http and plain syslog to other machines")
    .option("--gzip", "compress requests")
    .option("--batch <n>", "events of a request at most (default: 500)", count(1, 10_000))
    .option("--retries <n>", "how often a batch is sent again before it is given up (default: 8)", count(0, 1000))
    .option("--message-size <bytes>", "longest message the syslog receiver takes (default: 8192)", count(1024, 65_000));
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  if (!/^[A-Za-z0-9-]{1,64}=[A-Za-z_][A-Za-z0-9_]*$/.test(value))
    throw new InvalidArgumentError("give a header and the variable that holds its value: authorization=VARIABLE");
  return [...(before ?? []), value];
}

function count(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`give a number from ${least} to ${most}`);
  };
}
