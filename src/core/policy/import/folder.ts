// A further folder to work in, as most agents have them: read here, and shown in the fence. Writing there stays a word of the person's own.
import type { Span } from "../../result.ts";
import type { Draft } from "./draft.ts";

/** One folder by its absolute path; what is relative to nothing known is said. */
export function addFolder(text: string, key: string, at: Span, draft: Draft): void {
  if (!/^(?:\/.|~\/.)/.test(text))
    return draft.say(
      `${key}: ${text}`,
      at,
      "a further folder to work in there",
      "not carried over: name it as an absolute path in `sandbox.filesystem.allowRead`",
    );
  const path = (text.startsWith("/") ? `//${text.replace(/^\/+/, "")}` : text).replace(/\/+$/, "");
  draft.rule("allow", `Read(${path}/**)`, at);
  draft.add({ key: "sandbox.filesystem.allowRead", value: path, at });
  draft.say(
    `${key}: ${text}`,
    at,
    "read and written there",
    "read only here; to write there add it to `sandbox.filesystem.allowWrite` and allow `Edit`",
  );
}
