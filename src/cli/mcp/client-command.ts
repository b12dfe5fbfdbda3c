// How the person's MCP clients start a server: read out of their configurations, wrapped or not. Whoever runs it does so in a fence.
import { clientServer, entryValues, readEntries, unwrapText } from "#core/mcp";
import { readSettingsFile, settingsText } from "../settings-file.ts";
import { findClientFiles } from "./client-files.ts";

/** A command that a client's file has for a server. */
export interface ClientCommand {
  readonly argv: readonly string[];
  /** Names of the variables that the entry declares. */
  readonly env: readonly string[];
  /** The values that it gives them itself. */
  readonly values: Readonly<Record<string, string>>;
  readonly file: string;
}

/** The command of the first client that has a server of this name; undefined where none has, or only one with words that the client fills in. */
export function clientCommand(server: string): ClientCommand | undefined {
  const found = findClientFiles({ clients: [] });
  if (!found.ok) return undefined;
  for (const place of found.value.files) {
    const file = readSettingsFile(place);
    const text = file.ok ? settingsText(file.value.bytes, file.value.path) : file;
    if (!text.ok) continue;
    const { client, path } = place;
    const bare = unwrapText({ client, text: text.value, file: path, hints: [] }, []);
    const entries = bare.ok ? readEntries(client, bare.value.text, path) : bare;
    const entry = entries.ok ? entries.value.find(({ name }) => name === server) : undefined;
    if (entry === undefined) continue;
    const read = clientServer(client, entry, true);
    if (read.kind !== "program" || read.words.some((word) => /\$[{A-Za-z_]|%\w+%/.test(word))) continue;
    return { argv: read.words, env: read.env, values: entryValues(client, entry), file: path };
  }
  return undefined;
}
