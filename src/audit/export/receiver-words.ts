// What a receiver says may repeat what it was sent, the header with the token too, and what it says is printed: into a terminal, a CI's log.
import { type LeakSecret, Redactor, SHORTEST } from "#core/leak";

/** Takes the secrets of a request out of a receiver's words. */
export type ReceiverWords = (said: string) => string;

/** For requests with these headers to this address, whose query may hold a token. */
export function receiverWords(request: {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}): ReceiverWords {
  const { url, headers } = request;
  const values = [
    ...Object.entries(headers).flatMap(([name, value]) => partsOf(value).map((part) => [name, part] as const)),
    ...[...url.searchParams].map(([name, value]) => [name, value] as const),
  ];
  const secrets = values
    .map(([name, value]): LeakSecret => ({ name, value: Buffer.from(value, "latin1") }))
    .filter(({ value }) => value.length >= SHORTEST);
  if (secrets.length === 0) return (said) => said;
  const redactor = new Redactor({ secrets, unpack: () => ({ kind: "not" }), shown: new Set() });
  return (said) => redactor.text(said);
}

/** `Basic` says name and password in base64: each of them alone is one, too. */
function partsOf(value: string): readonly string[] {
  const [scheme = "", ...rest] = value.trim().split(/\s+/);
  const coded = /^basic$/i.test(scheme) ? Buffer.from(rest[0] ?? "", "base64").toString("latin1") : "";
  return [value, ...rest, coded, coded.slice(coded.indexOf(":") + 1)];
}
