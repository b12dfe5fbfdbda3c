// What a server says when it wants a login: the `WWW-Authenticate` of a 401 or 403 (RFC 9110 section 11.6.1, RFC 6750 section 3, RFC 9728 section 5.1). Pure.

/** The Bearer challenge's parameters that matter here. */
export interface Challenge {
  /** Where the resource's metadata are. */
  readonly resourceMetadata?: string;
  readonly scope?: string;
  /** `insufficient_scope`, `invalid_token` … */
  readonly error?: string;
}

const LENGTH_MOST = 8192;
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const SPACES = /[ \t,]*/y;
const PARAMETER =
  /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z/:?=]+))/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;

/** The first Bearer challenge; `undefined` where there is none. A scope outside its grammar is left out. */
export function readChallenge(value: string | undefined): Challenge | undefined {
  if (value === undefined || value.length > LENGTH_MOST) return undefined;
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(value);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  while (at < value.length) {
    match(SPACES);
    const scheme = match(TOKEN)?.[0].toLowerCase();
    if (scheme === undefined) return undefined;
    const parameters = new Map<string, string>();
    for (;;) {
      match(SPACES);
      const found = match(PARAMETER) ?? undefined;
      if (found === undefined) break;
      const [, name = "", quoted, bare] = found;
      // A repeated parameter is two answers to one question: the first stands (RFC 6750 allows one).
      if (!parameters.has(name.toLowerCase()))
        parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "");
    }
    if (scheme === "bearer") return challengeOf(parameters);
    if (parameters.size === 0) match(TOKEN68);
  }
  return undefined;
}

function challengeOf(parameters: ReadonlyMap<string, string>): Challenge {
  const [metadata, scope, error] = ["resource_metadata", "scope", "error"].map((name) => parameters.get(name));
  return {
    ...(metadata === undefined ? {} : { resourceMetadata: metadata }),
    ...(scope === undefined || !isScope(scope) ? {} : { scope }),
    ...(error === undefined || !/^[\x20-\x7e]{1,64}$/.test(error) ? {} : { error }),
  };
}

/** RFC 6749 section 3.3. */
export function isScope(text: string): boolean {
  return text.length <= 2048 && /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(text);
}
