// What the person's own tools are set to (NET-1), as data: where packages come from, and the part of that configuration that is no secret.

/** A registry's host as its tool names it. */
export interface ToolHost {
  readonly host: string;
  readonly port: number;
}

/** Read once per run by egress/tool-config.ts from user and system files, never from the workspace. */
export interface ToolConfig {
  readonly registries: { readonly npm: readonly ToolHost[]; readonly debian: readonly ToolHost[] };
  /** Files to hand into the fence, without credentials. Targets are absolute. */
  readonly files: readonly { readonly target: string; readonly content: string }[];
  /** A bundle of certificate authorities that the person's tools trust, if one is configured and seen inside. */
  readonly caFile: string | undefined;
}
