// Who the command is inside: the caller by name and number, and never root.
import type { InsideUser } from "#core/sandbox";
import type { Caller } from "../request.ts";

// A root caller is an ordinary user inside: programs then behave, and nothing inside is the host's root by number.
const ORDINARY_ID = 1000;

/** The one user of the fence. */
export function insideUser({ uid, gid, userName }: Caller): InsideUser {
  return {
    name: uid === 0 ? "agent" : userName,
    uid: uid === 0 ? ORDINARY_ID : uid,
    gid: gid === 0 ? ORDINARY_ID : gid,
  };
}
