// The door of the MCP room: streams and sockets between clients and servers, and the gatekeeper between them.
export { type Asker, openStreamAsker, type StreamAsker } from "./asker.ts";
export { Flood } from "./flood.ts";
export { type Line, LineSplitter } from "./framing.ts";
export { openGatekeeper } from "./gate/keeper.ts";
export type { Gatekeeper, GatekeeperOptions, Passage, Unread, VerifiedPart } from "./gatekeeper.ts";
export { type Exchanger, openExchanger } from "./http/exchange.ts";
export type { LaneParts } from "./http/lanes.ts";
export { type Listener, openListener } from "./http/listener.ts";
export { openLoginCredential } from "./http/oauth/credential.ts";
export { login } from "./http/oauth/login.ts";
export { openTokenStore } from "./http/oauth/token-store.ts";
export { type HttpTarget, isInside, readTarget, urlOf, type Way } from "./http/place.ts";
export { openStdioFront } from "./http/stdio-front.ts";
export { openUpstream, type Upstream } from "./http/upstream.ts";
export { inquire } from "./inquire.ts";
export { installedPackage } from "./installed-package.ts";
export { listServer } from "./lister.ts";
export { readLockFile, updateLockFile } from "./lock-store.ts";
export { type LockFiles, lockMark, watchLocks } from "./lock-watch.ts";
export {
  comeBack,
  isReplaced,
  neighbourLocks,
  type OwnServer,
  otherOwnLocks,
  ownLockFile,
  pinFirst,
  readOwnLock,
  replacedFiles,
  takePlace,
} from "./own-locks.ts";
export { dropPending, keepPending, listPending, type PendingKey } from "./pending-store.ts";
export type {
  McpAskVerdict,
  McpCall,
  McpEvent,
  McpOutcome,
  McpPorts,
  McpServerRequest,
  McpVerdict,
} from "./ports.ts";
export { type Lane, pump } from "./pump.ts";
export { openScreened, type Screened, screenedDigest, screenedFile } from "./screened-store.ts";
export { openScreening, type Screening } from "./screening.ts";
export { sealText } from "./seal.ts";
export { sha256 } from "./sha256.ts";
export { type Sink, sinkOver } from "./sink.ts";
export { relayStdio, type StdioEnds, type StdioRelay } from "./stdio.ts";
