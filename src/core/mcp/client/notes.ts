// What a person should know of an entry that is wrapped, beside that it is.
import { type Entry, has, isValue, leafAt, textAt } from "./entry.ts";

/** The sentences. */
export function entryNotes(entry: Entry): readonly string[] {
  const listed = ["alwaysAllow", "autoApprove", "autoApproved"].find((key) => {
    const node = leafAt(entry, key)?.node;
    return node?.kind === "list" && node.members.length > 0;
  });
  const mode = textAt(entry, "default_tools_approval_mode");
  return [
    ...(isValue(entry, "trust", true)
      ? ["`trust: true` stays: the client asks nobody before a call; ringfence's rules still hold"]
      : []),
    ...(isValue(entry, "sandboxEnabled", true)
      ? ["`sandboxEnabled` stays: VS Code asks nobody before a call; ringfence's rules still hold"]
      : []),
    ...(listed === undefined
      ? []
      : [`\`${listed}\` stays: the client asks nobody before those calls; ringfence's rules still hold`]),
    ...(mode === "approve" || mode === "auto"
      ? [`\`default_tools_approval_mode = "${mode}"\` stays; ringfence's rules still hold`]
      : []),
    ...(has(entry, "envFile")
      ? [
          "`envFile` is read by the client; the server gets those of its names that the policy lists under `mcp.servers.*.env`",
        ]
      : []),
  ];
}
