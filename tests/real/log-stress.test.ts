// Many appends, many seals, several logs at once: nothing is forgotten, nothing comes out of turn, and everything verifies.
import { expect, it } from "vitest";
import { machineKey, openSessionLog, verifyMachine } from "#audit";
import { verdictText } from "#core/log";
import { tmp } from "../support/tmp.ts";

it("four sessions of one process append and seal in any order", async () => {
  const stateDir = tmp();
  const session = async (name: string): Promise<number> => {
    const log = await openSessionLog({ stateDir, session: name, policy: "0", workspace: "/w", maxBytes: 1e8 });
    if (!log.ok) throw new Error(log.error.message);
    const { append, close } = log.value;
    // One after the other (each wakes a sleeping writer), then all at once; refusals are signed at once, prompts later.
    for (let n = 0; n < 100; n += 1)
      expect(await append({ type: n % 3 === 0 ? "net.blocked" : "prompt", origin: "observed", data: { n } })).toBe(
        n + 1,
      );
    const seqs = await Promise.all(
      Array.from({ length: 400 }, (_, n) =>
        append({ type: n % 7 === 0 ? "net.blocked" : "prompt", origin: "observed", data: { n } }),
      ),
    );
    expect(seqs).toEqual(Array.from({ length: 400 }, (_, n) => n + 101));
    const closed = await close({ exit: 0 });
    await expect(append({ type: "prompt", origin: "claimed", data: {} })).rejects.toMatchObject({ code: "log-closed" });
    return closed.size;
  };
  expect(await Promise.all(["a", "b", "c", "d"].map(session))).toEqual([502, 502, 502, 502]);
  const key = await machineKey(stateDir);
  if (key === undefined) throw new Error("no key");
  const reports = await verifyMachine(stateDir, { keys: [key] });
  expect(reports.map(({ verdict }) => verdictText(verdict))).toEqual(["OK", "OK", "OK", "OK", "OK"]);
});
