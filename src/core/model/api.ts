// Which model protocol a request speaks, told by its path alone: hosts differ (gateways, local models, a company's own), paths do not.

/** One protocol, and the vendor that published it. Others speak it too; the record names the host beside it. */
export interface ModelApi {
  readonly name: "messages" | "responses" | "chat" | "generate";
  readonly provider: "anthropic" | "openai" | "google";
}

const APIS: readonly (ModelApi & { readonly path: RegExp })[] = [
  {
    name: "messages",
    provider: "anthropic",
    path: /\/v1\/messages$|\/publishers\/anthropic\/.*:(?:stream)?rawpredict$/i,
  },
  { name: "responses", provider: "openai", path: /\/responses$/ },
  { name: "chat", provider: "openai", path: /\/chat\/completions$/ },
  { name: "generate", provider: "google", path: /:(?:streamGenerateContent|generateContent)$/ },
];

/** The protocol of a request's target in origin form; `undefined` for what asks a model nothing. */
export function modelApiOf(target: string): ModelApi | undefined {
  const path = target.split("?", 1)[0] ?? "";
  const found = APIS.find((api) => api.path.test(path));
  return found === undefined ? undefined : { name: found.name, provider: found.provider };
}
