// The programs whose MCP servers can be wrapped, and how each writes a server down: one table, from their documentation and code
// (docs/mcp.md). Where the files stand is the caller's to know; this is what stands in them.

/** A client by the word that people type. */
export type ClientId = (typeof CLIENT_IDS)[number];

/** Every client, in the order of the documentation. */
export const CLIENT_IDS = [
  "claude-code",
  "codex",
  "cursor",
  "vscode",
  "copilot",
  "gemini",
  "claude-desktop",
  "opencode",
  "windsurf",
  "kiro",
  "amazonq",
  "antigravity",
  "qwen",
  "zed",
  "cline",
  "roo",
  "junie",
  "warp",
  "crush",
  "lmstudio",
] as const;

/** How a client writes its servers down. */
export interface ClientForm {
  readonly title: string;
  readonly text: "json" | "toml";
  /** Where servers stand by name; `*` is any key. */
  readonly roots: readonly (readonly string[])[];
  /** OpenCode has one list of words for the command, everybody else a command and a list of arguments. */
  readonly command: "split" | "joined";
  /** The key of the server's variables. */
  readonly env: string;
  /** Words of `type` that mean a program, and the one that is written; none where the client has no such key. */
  readonly programTypes: readonly string[];
  /** Words of `type` that mean Streamable HTTP. */
  readonly httpTypes: readonly string[];
  /** Keys of a Streamable HTTP address without a `type`. */
  readonly urls: readonly string[];
  /** A key of an address that is the older SSE without a `type`. */
  readonly sseUrl?: string;
  /** The key of fixed headers. */
  readonly headers: string;
  /** Keys by which the client signs in by itself or makes headers of its own. */
  readonly signIn: readonly string[];
}

const JSON_FORM: Omit<ClientForm, "title"> = {
  text: "json",
  roots: [["mcpServers"]],
  command: "split",
  env: "env",
  programTypes: ["stdio"],
  httpTypes: ["http", "streamable-http"],
  urls: ["url"],
  headers: "headers",
  signIn: ["oauth", "auth", "headersHelper"],
};

/** The table. */
export const CLIENTS: Readonly<Record<ClientId, ClientForm>> = {
  "claude-code": {
    ...JSON_FORM,
    title: "Claude Code",
    roots: [["mcpServers"], ["projects", "*", "mcpServers"]],
    // An address without a type is no server to it.
    urls: [],
  },
  codex: {
    ...JSON_FORM,
    title: "Codex",
    text: "toml",
    roots: [["mcp_servers"]],
    programTypes: [],
    httpTypes: [],
    headers: "http_headers",
    signIn: ["oauth", "oauth_resource", "scopes"],
  },
  cursor: { ...JSON_FORM, title: "Cursor" },
  vscode: { ...JSON_FORM, title: "VS Code", roots: [["servers"]] },
  copilot: { ...JSON_FORM, title: "Copilot CLI", programTypes: ["local", "stdio"] },
  gemini: {
    ...JSON_FORM,
    title: "Gemini CLI",
    // Its plain `url` is the older SSE unless a type says otherwise.
    urls: ["httpUrl"],
    sseUrl: "url",
    signIn: ["oauth", "authProviderType", "targetAudience", "targetServiceAccount"],
  },
  "claude-desktop": { ...JSON_FORM, title: "Claude Desktop", httpTypes: [], urls: [] },
  opencode: {
    ...JSON_FORM,
    title: "OpenCode",
    roots: [["mcp"]],
    command: "joined",
    env: "environment",
    programTypes: ["local"],
    httpTypes: ["remote"],
    urls: [],
  },
  windsurf: { ...JSON_FORM, title: "Windsurf", urls: ["serverUrl", "url"] },
  kiro: { ...JSON_FORM, title: "Kiro" },
  // Its documentation speaks of an address with a type alone.
  amazonq: { ...JSON_FORM, title: "Amazon Q Developer CLI", urls: [] },
  antigravity: {
    ...JSON_FORM,
    title: "Antigravity",
    urls: ["serverUrl"],
    signIn: [...JSON_FORM.signIn, "authProviderType"],
  },
  qwen: {
    ...JSON_FORM,
    title: "Qwen Code",
    urls: ["httpUrl"],
    sseUrl: "url",
    signIn: ["oauth", "authProviderType", "targetAudience", "targetServiceAccount"],
  },
  zed: { ...JSON_FORM, title: "Zed", roots: [["context_servers"]] },
  cline: { ...JSON_FORM, title: "Cline", httpTypes: ["streamableHttp"], urls: [], sseUrl: "url" },
  roo: { ...JSON_FORM, title: "Roo Code", httpTypes: ["streamable-http"], urls: [] },
  junie: { ...JSON_FORM, title: "Junie" },
  warp: { ...JSON_FORM, title: "Warp" },
  crush: { ...JSON_FORM, title: "Crush", roots: [["mcp"]], httpTypes: ["http"], urls: [] },
  lmstudio: { ...JSON_FORM, title: "LM Studio" },
};

/** The client that a word means, or undefined. */
export function clientNamed(word: string): ClientId | undefined {
  const meant = Object.hasOwn(ALIASES, word) ? ALIASES[word] : word;
  return CLIENT_IDS.find((id) => id === meant);
}

const ALIASES: Readonly<Record<string, ClientId>> = {
  claude: "claude-code",
  "cursor-agent": "cursor",
  code: "vscode",
  q: "amazonq",
  "lm-studio": "lmstudio",
};
