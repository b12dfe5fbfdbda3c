// Who may answer: facts of the kernel about the answering process and its parents, one difference a case.
import { describe, expect, it } from "vitest";
import { type AskingSession, type ProcessFacts, refuseAnswerer } from "#core/session";

const session: AskingSession = {
  contained: false,
  uid: 1000,
  pids: [500, 501],
  terminals: [0x8801],
  openedTicks: 1_000,
};

function process(pid: number, changes: Partial<ProcessFacts> = {}): ProcessFacts {
  return {
    pid,
    name: "x",
    uid: 1000,
    parent: pid - 1,
    group: pid,
    terminal: 0x8802,
    foreground: pid,
    startTicks: 2_000,
    ...changes,
  };
}

const init = process(1, { parent: 0, uid: 0, startTicks: 1, name: "init" });
const oldShell = process(40, { parent: 1, startTicks: 900 });
const person = [process(700, { parent: 40 }), oldShell, init];

describe("who may answer", () => {
  it("a person in a terminal that was there before the session", () => {
    expect(refuseAnswerer(person, session, 2_500)).toBeUndefined();
  });

  it("a person in a new shell that was entered from outside", () => {
    expect(
      refuseAnswerer([process(700, { parent: 699 }), process(699, { parent: 0 })], session, 2_500),
    ).toBeUndefined();
  });

  it.each<[string, readonly ProcessFacts[], Partial<AskingSession>]>([
    ["a process that is gone", [], {}],
    [
      "a process that took the number of the one that connected",
      [process(700, { parent: 40, startTicks: 2_501 }), oldShell, init],
      {},
    ],
    ["another user", [process(700, { parent: 40, uid: 1001 }), oldShell, init], {}],
    ["the agent", [process(501, { parent: 40 }), oldShell, init], {}],
    ["a child of the agent", [process(700, { parent: 501 }), process(501, { parent: 40 }), oldShell, init], {}],
    [
      "a child of the supervisor, in a fence as well",
      [process(700, { parent: 500 }), process(500, { parent: 40 }), oldShell, init],
      { contained: true },
    ],
    ["somebody without a terminal", [process(700, { parent: 40, terminal: 0 }), oldShell, init], {}],
    ["somebody in the background", [process(700, { parent: 40, foreground: 3 }), oldShell, init], {}],
    ["somebody in the agent's terminal", [process(700, { parent: 40, terminal: 0x8801 }), oldShell, init], {}],
    ["a process that cut the thread to its parents", [process(700, { parent: 1 }), init], {}],
    [
      "the same, adopted by a service manager",
      [process(700, { parent: 30 }), process(30, { parent: 1, name: "systemd", startTicks: 5 }), init],
      {},
    ],
    [
      "the same, below a parent that calls itself one",
      [process(700, { parent: 699 }), process(699, { parent: 1, name: "systemd" }), init],
      {},
    ],
  ])("never %s", (_name, chain, change) => {
    expect(refuseAnswerer(chain, { ...session, ...change }, 2_500)).toMatchObject({ code: "approval-refused" });
  });
});
