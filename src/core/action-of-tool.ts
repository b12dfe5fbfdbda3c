// A generic tool call (`--tool NAME --input JSON`, or a batch line) → an Action. Agents' own names are the adapters' affair.
import type { Action } from "./action.ts";

/** The action, or `undefined` when the input does not have what the tool needs: the caller denies it. */
export function actionOfTool(tool: string, input: unknown, cwd: string): Action | undefined {
  const fields = typeof input === "object" && input !== null ? (input as Readonly<Record<string, unknown>>) : {};
  const text = (...names: readonly string[]): string | undefined => {
    for (const name of names) {
      const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (typeof value === "string") return value;
    }
    return undefined;
  };
  const path = (fallback?: string): string | undefined => {
    const given = text("file_path", "path", "notebook_path") ?? fallback;
    return given === undefined ? undefined : given.startsWith("/") ? given : `${cwd}/${given}`;
  };
  const at = (kind: "read" | "write" | "edit" | "delete", found: string | undefined): Action | undefined =>
    found === undefined ? undefined : { kind, path: found };
  switch (tool) {
    case "Bash":
    case "Shell": {
      const command = text("command");
      return command === undefined ? undefined : { kind: "exec", command, cwd };
    }
    case "Read":
    case "NotebookRead":
      return at("read", path());
    case "Glob":
    case "Grep":
    case "LS":
      return at("read", path(cwd));
    case "Write":
      return at("write", path());
    case "Edit":
    case "MultiEdit":
    case "NotebookEdit":
      return at("edit", path());
    case "Delete":
      return at("delete", path());
    case "WebFetch": {
      const url = text("url");
      const match =
        url === undefined
          ? null
          : /^(https?):\/\/(?:[^/?#]*@)?(\[[0-9a-fA-F:.]+\]|[^/?#:@\\\s]+)(?::(\d{1,5}))?(?:[/?#]|$)/.exec(url);
      if (url === undefined || match?.[2] === undefined || /[\\\s\0-\x1f]/.test(url)) return undefined;
      const port = match[3] === undefined ? (match[1] === "http" ? 80 : 443) : Number(match[3]);
      return { kind: "fetch", host: match[2].toLowerCase(), port, url };
    }
    case "Agent":
    case "Task": {
      const name = text("subagent_type", "name");
      return name === undefined ? undefined : { kind: "agent", name };
    }
    default: {
      const mcp = /^mcp__(.+?)__(.+)$/.exec(tool);
      if (mcp?.[1] !== undefined && mcp[2] !== undefined) return { kind: "mcp", server: mcp[1], tool: mcp[2], input };
      return { kind: "other", tool, input };
    }
  }
}
