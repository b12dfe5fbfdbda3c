// May this credential go out with this request? Host and port first, then method and path; what cannot be read in one way only is not covered. Pure.
import { methodsOf, namesAnotherPath } from "../net/asked.ts";
import { covers } from "../net/grammar.ts";
import { normalPath, pathMatches } from "../net/path.ts";
import type { Injection } from "./credential.ts";
import type { HttpRequest } from "./request.ts";

/** True for a host that the credential belongs to: then it is the only one that may be used there. */
export function servesHost(inject: Injection, host: string, port: number): boolean {
  return inject.hosts.some(
    (pattern) => covers(pattern, host) && (pattern.ports.length === 0 ? port === 443 : pattern.ports.includes(port)),
  );
}

/** True for such a host at any port: the same people may answer there, and somebody else's key is as good to them. A port of its own is a server of its own. */
export function ownsHost(inject: Injection, host: string): boolean {
  return inject.hosts.some(
    (pattern) =>
      covers(pattern, host) &&
      (pattern.ports.length === 0 || pattern.ports.includes(443) || pattern.ports.includes(80)),
  );
}

/** Why it may not go out with this request to a host it serves; `undefined` where it may. */
export function notCovered(inject: Injection, request: HttpRequest): "plain-http" | "method" | "path" | undefined {
  if (request.scheme === "http" && !inject.plainHttp && !LOOPBACK.test(request.host)) return "plain-http";
  const isLimited = inject.methods.length > 0 || inject.paths.length > 0;
  // Frameworks that take the real method or path from elsewhere would be asked for something else than what was judged.
  if (isLimited && methodsOf(request).length > 1) return "method";
  if (inject.methods.length > 0 && !inject.methods.includes(request.method)) return "method";
  if (inject.paths.length === 0) return undefined;
  const path = namesAnotherPath(request) ? undefined : normalPath(request.target);
  if (path === undefined) return "path";
  return inject.paths.some((pattern) => pathMatches(pattern, path, "allow")) ? undefined : "path";
}

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/;
