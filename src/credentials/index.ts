// The door of the credentials room: the only room that holds real secrets.
export { type Broker, type BrokerOptions, type Issued, type NamedSecret, openBroker, secretsOf } from "./broker.ts";
export type { CredentialFilter } from "./exchange.ts";
export { credentialFilter, type FilterDeps } from "./filter.ts";
export { Secret, type SecretPart } from "./secret.ts";
export { openSshAgent, type SshAgent, type SshGrant } from "./ssh/agent.ts";
export { keysOfHost } from "./ssh/known-hosts.ts";
