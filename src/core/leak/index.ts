// The door of the search for secrets in what leaves (NET-9).
export { mayInflate } from "./deflate-head.ts";
export type { Unpack, Unpacked } from "./packed.ts";
export { Redactor, type RedactorParts } from "./redactor.ts";
export { LeakSearch, type LeakSearchOptions, type RequestSearch, type Sight } from "./search.ts";
export { type LeakSecret, SHORTEST } from "./secret.ts";
export { type NamedValue, readSecretFile, type SecretFile } from "./secret-file.ts";
export { isSecretValue } from "./secret-value.ts";
export { type Seen, TextSearch } from "./text-search.ts";
export { type TokenFound, tokenFor, tokensOfKin } from "./token-shape.ts";
