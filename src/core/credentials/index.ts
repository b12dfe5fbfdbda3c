// The door of credentials as data: what one is, what stands for it in the fence, and where it may go.
export { notCovered, ownsHost, servesHost } from "./covers.ts";
export {
  type AwsSource,
  type Credential,
  type CredentialFile,
  type CredentialHost,
  type CredentialSource,
  type GithubAppSource,
  type Injection,
  placeOfCredential,
  type ValuePlace,
  type VaultSource,
} from "./credential.ts";
export type { CredentialEntry, CredentialText, InjectEntry, SourceEntry } from "./entry.ts";
export type { Form } from "./form.ts";
export { credentialFiles, gitCredentials, type HandedInFile, type Standin } from "./handed-in.ts";
export { isForeignKin, type ServedPlace } from "./key-like.ts";
export { knownCredential, knownCredentialOf } from "./known.ts";
export { noOtherKey, presentsAsField, presentsAsPair, presentsByName, presentsInObject } from "./place-names.ts";
export { placeholderFor, type RandomBytes } from "./placeholder.ts";
export { pathPairs, queryPairs, withQueryValue } from "./presented.ts";
export type { HeaderField, HttpRequest } from "./request.ts";
export { resolveCredentials, type Surroundings } from "./resolve.ts";
export {
  type Authorization,
  canonicalRequest,
  chunkSignature,
  type Hash,
  readAuthorization,
  type Scope,
  type SignedParts,
  signatureOf,
  signingKey,
  writeAuthorization,
} from "./sigv4.ts";
export { type SshCredential, sshCredentials } from "./ssh.ts";
export { planSwap, type Standing, type Swap, type SwapPlan } from "./swap.ts";
