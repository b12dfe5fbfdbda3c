// Whether a server's name stands for something else in a lock: another command, package or address by a known name is another server (I13).
import { ok, type Problem, type Result } from "#core";
import { isSameTarget, type OtherServer, packageSpec, type ServerLock } from "#core/mcp";
import { installedPackage, isReplaced, type OwnServer, otherOwnLocks } from "#mcp";

/** What the project's lock has by this name, where it is not this server. */
export async function otherOfProject(
  locked: ServerLock,
  { target, workspace }: OwnServer,
): Promise<OtherServer | undefined> {
  if (locked.target !== undefined && !isSameTarget(locked.target, target))
    return { known: [locked.target], now: target };
  const spec = "url" in target || locked.package === undefined ? undefined : packageSpec(target.argv);
  if (spec === undefined || locked.package === undefined) return undefined;
  const was = locked.package;
  const now = await installedPackage(workspace, spec);
  // One side may not know: a version that nobody wrote down is no other version.
  const differs = (key: "version" | "integrity"): boolean =>
    was[key] !== undefined && now[key] !== undefined && was[key] !== now[key];
  const isOther = was.name === now.name && (differs("version") || differs("integrity"));
  return isOther ? { known: [target], now: target, installed: { was, now } } : undefined;
}

/** What the person approved by this name, where they have not approved this server, or approved another one in its place since. */
export async function otherOfOwn(own: OwnServer): Promise<Result<OtherServer | undefined, Problem>> {
  const others = await otherOwnLocks(own);
  if (!others.ok) return others;
  const replaced = await isReplaced(own);
  const known = others.value.flatMap(({ target }) => (target === undefined ? [] : [target]));
  if (known.length === 0 && !replaced) return ok(undefined);
  return ok({ known, now: own.target, ...(replaced ? { replaced } : {}) });
}
