// What a request could be taken to ask beside its first line: frameworks read the method and the path from elsewhere too. Pure.

/** The part of a request that says what it asks. */
export interface Asking {
  readonly method: string;
  /** Path and query in origin form, or `*`. */
  readonly target: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
}

// Rails, Symfony, Spring, ASP.NET, OData, Express. Some take `_` for `-`, as CGI does.
const METHOD_FIELD = /^x[-_](?:http[-_])?(?:method|verb)(?:[-_]override)?$/i;
const METHOD_PARAMETER = /^(?:_method|x-http-method-override)(?:\[\])?$/i;
/** Names of fields and parameters that mean a method where their value is one: `_HttpMethod`, and PHP's `.method` for `_method`. */
const LIKE_A_METHOD = /method|verb/i;
const OFTEN_OVERRIDDEN = /^(?:get|head|post|put|patch|delete)$/i;
// A question that a browser asks about a later request, which is judged itself.
const ABOUT_ANOTHER = /^access[-_]control[-_]/i;
const METHODS: ReadonlySet<string> = new Set(
  `GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT QUERY LINK UNLINK PURGE COPY MOVE LOCK UNLOCK MKCOL MKCALENDAR PROPFIND PROPPATCH SEARCH
  REPORT MERGE CHECKOUT CHECKIN ACL BIND UNBIND REBIND`.split(/\s+/),
);
// IIS, Symfony, Nginx and Traefik set-ups and gunicorn take the path from these; WebDAV and the object stores another one beside it.
const PATH_FIELD =
  /^(?:x[-_])?(?:(?:original|rewrite|replaced|forwarded|envoy[-_]original)[-_](?:url|uri|path|prefix)|script[-_]name|path[-_]info|request[-_]uri|(?:http[-_])?destination(?:[-_]?url)?|(?:[a-z]+[-_])?(?:copy|rename)[-_](?:source|from))$/i;

/** Every method that it could be read as: its own first, then those that it says some server should read instead. */
export function methodsOf({ method, target, fields }: Asking): readonly string[] {
  return [method, ...fields.filter(({ name }) => !ABOUT_ANOTHER.test(name)).flatMap(inField), ...inQuery(target)];
}

/** True when a field names a path that some server takes instead of the target's, or beside it. */
export function namesAnotherPath({ fields }: Asking): boolean {
  return fields.some(({ name }) => PATH_FIELD.test(name));
}

/** True for a method that everybody knows: what else stands in its place is the program's own text. */
export function isKnownMethod(word: string): boolean {
  return METHODS.has(word.toUpperCase());
}

function inField({ name, value }: Asking["fields"][number]): readonly string[] {
  return said(value, { surely: METHOD_FIELD.test(name), maybe: LIKE_A_METHOD.test(name) });
}

/** `?_method=DELETE`, in any spelling that a form decoder reads. */
function inQuery(target: string): readonly string[] {
  const from = target.indexOf("?");
  if (from < 0) return [];
  return target
    .slice(from + 1)
    .split(/[&;]/)
    .flatMap((pair) => {
      const [name = "", value = ""] = pair.split("=", 2).map(formDecoded);
      return said(value, { surely: METHOD_PARAMETER.test(name.trim()), maybe: LIKE_A_METHOD.test(name) });
    });
}

/** Where one word is expected, some servers take the first of several. */
function said(
  value: string,
  { surely, maybe }: { readonly surely: boolean; readonly maybe: boolean },
): readonly string[] {
  if (!surely && !maybe) return [];
  const words = value.split(/[^A-Za-z0-9_.-]+/).filter((word) => word !== "");
  return surely ? words : words.filter((word) => OFTEN_OVERRIDDEN.test(word));
}

/** Byte by byte: a decoder that is more lenient than ours must not see what we do not. */
function formDecoded(text: string): string {
  return text
    .replaceAll("+", " ")
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
