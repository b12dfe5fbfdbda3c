// What a server over HTTP is given from a command line: headers and tokens by the names of variables, never their values.
import { type Command, InvalidArgumentError } from "commander";
import { isProtocolHeader } from "#core/mcp";
import type { GivenField } from "#monitor";
import { EXIT, fail } from "../exit.ts";
import { repeated } from "../repeated.ts";

/** Those options, as commander gives them. */
export interface UpstreamOptions {
  readonly header?: readonly (readonly [field: string, variable: string])[];
  readonly bearer?: string;
  readonly allowDomain?: readonly string[];
}

/** Adds them to a command. */
export function withUpstreamOptions(command: Command): Command {
  return command
    .option("--header <name=variable>", "send this header with the variable's value; again for more", header)
    .option("--bearer <variable>", "send the variable's value as the bearer token")
    .option(
      "--allow-domain <rule>",
      "open HOST or HOST:PORT to this server's session; RULE=CIDR names a private address",
      repeated,
    );
}

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The fields with their values. */
export function givenOf({ header: headers = [], bearer }: UpstreamOptions, env: Environment): readonly GivenField[] {
  const plain = headers.map(([field, variable]) => ({ field, variable, value: held(variable, env) }));
  const token =
    bearer === undefined ? [] : [{ field: "authorization", variable: bearer, value: `Bearer ${held(bearer, env)}` }];
  return [...plain, ...token];
}

/** A value that can stand in a header. What a client left as a placeholder is none. */
export function held(variable: string, env: Environment): string {
  const value = env[variable] ?? "";
  if (/^[\x21-\x7e](?:[\x20-\x7e]{0,16382}[\x21-\x7e])?$/.test(value)) return value;
  const why = value === "" ? "is not set" : "holds what no header may";
  return refuse(`\`$${variable}\` ${why}`, "set it where the client starts its servers (its entry's `env`)");
}

/** Ends the process: bad usage. */
export function refuse(message: string, hint: string): never {
  return fail({ code: "usage", message, hint }, EXIT.usage);
}

function header(
  text: string,
  all: readonly (readonly [string, string])[] = [],
): readonly (readonly [string, string])[] {
  const cut = text.lastIndexOf("=");
  const [field, variable] = [text.slice(0, Math.max(cut, 0)).toLowerCase(), text.slice(cut + 1)];
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]{1,128}$/.test(field) || !/^\w{1,256}$/.test(variable))
    throw new InvalidArgumentError("write it as NAME=VARIABLE");
  if (isProtocolHeader(field)) throw new InvalidArgumentError("that header is the protocol's own");
  if (all.some(([other]) => other === field)) throw new InvalidArgumentError("that header is there already");
  return [...all, [field, variable]];
}
