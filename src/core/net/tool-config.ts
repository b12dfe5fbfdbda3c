// What the person's own tools are set to (NET-1), as data: where packages come from, and the part of that configuration that is no secret.

/** The tools that registry presets take their hosts from, by preset; `debian` is apt. */
export const REGISTRIES = ["npm", "pypi", "crates", "go", "rubygems", "maven", "nix", "debian"] as const;
/** One of them. */
export type Registry = (typeof REGISTRIES)[number];

/** A registry's host as its tool names it. */
export interface ToolHost {
  readonly host: string;
  readonly port: number;
}

/** Read once per run by the egress room from user and system files, never from the workspace. */
export interface ToolConfig {
  readonly registries: Readonly<Partial<Record<Registry, readonly ToolHost[]>>>;
  /** Files to hand into the fence, without credentials. Targets are absolute. */
  readonly files: readonly { readonly target: string; readonly content: string }[];
  /** Variables that say the same to a tool that reads no such file. */
  readonly env?: Readonly<Record<string, string>>;
  /** A bundle of certificate authorities that the person's tools trust, if one is configured and seen inside. */
  readonly caFile: string | undefined;
}
