// The door of the hooks room: each agent's hook protocol, in its own dialect.
export type { Dialect } from "#core";
