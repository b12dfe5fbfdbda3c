// One normalised request of an agent, whatever agent it came from (DESIGN 1 and 4). Data that flows forward: no methods.

/** A request as the monitor judges it. `kind` decides the other fields. */
export type Action =
  | { readonly kind: "exec"; readonly command: string; readonly cwd: string }
  /** `recursive`: the content of everything below a folder, as a search reads it. */
  | { readonly kind: "read"; readonly path: string; readonly recursive?: true }
  | { readonly kind: "write"; readonly path: string }
  | { readonly kind: "edit"; readonly path: string }
  | { readonly kind: "delete"; readonly path: string }
  | { readonly kind: "fetch"; readonly host: string; readonly port: number; readonly url?: string }
  /** `apart`: the server is known by itself; otherwise both names were read out of one word of an agent's. */
  | {
      readonly kind: "mcp";
      readonly server: string;
      readonly tool: string;
      readonly input: unknown;
      readonly apart?: true;
      /** Digest of the tool's pinned definition, where it is known: an answer to a question counts for this tool alone. */
      readonly definition?: string;
    }
  | { readonly kind: "agent"; readonly name: string }
  | { readonly kind: "prompt"; readonly text: string }
  | { readonly kind: "other"; readonly tool: string; readonly input: unknown };

/** The word of the kind alone. */
export type ActionKind = Action["kind"];
