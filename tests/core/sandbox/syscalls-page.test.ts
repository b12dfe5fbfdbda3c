// docs/syscalls.md says what the filter does, call by call, and every refusal says what it withholds.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { syscallsPage } from "../../../scripts/syscalls-page.mjs";
import table from "../../../src/core/sandbox/seccomp.json" with { type: "json" };
import { checkout } from "../../support/installation.ts";

test("the page is current (`node scripts/syscalls-page.mjs` writes it)", () => {
  const page = readFileSync(join(checkout, "docs/syscalls.md"), "utf8");
  expect(page).toBe(syscallsPage(page, table));
});

test("every refusal says what it withholds", () => {
  for (const { why, gives } of [...table.refuse, ...table.conditions])
    expect([why, gives.length > 3]).toEqual([why, true]);
});

/** What the mission names: refused or absent on both machines, whole or by argument. */
const NAMED = {
  refused: [
    ...["setns", "userfaultfd", "keyctl", "add_key", "request_key", "bpf", "perf_event_open", "pidfd_getfd", "kcmp"],
    ...["open_by_handle_at", "name_to_handle_at", "mount", "umount2", "pivot_root", "move_mount", "fsopen", "fsmount"],
    ...["mount_setattr", "open_tree", "open_tree_attr", "fanotify_init", "quotactl", "acct", "swapon", "reboot"],
    ...["kexec_load", "iopl", "modify_ldt", "memfd_secret", "uselib", "lookup_dcookie", "statmount", "listmount"],
  ],
  absent: ["clone3", "io_uring_setup", "io_uring_enter", "io_uring_register", "openat2", "vm86", "setxattrat"].concat([
    ...["file_getattr", "file_setattr", "lsm_get_self_attr", "lsm_set_self_attr", "lsm_list_modules", "vserver"],
  ]),
  conditional: ["clone", "unshare", "socket", "ioctl", "prctl", "personality", "setsockopt", "seccomp"],
} as const;

test("what an attacker reaches for first is not there", () => {
  const allowed = new Set(table.allow.flatMap(({ calls }) => calls));
  const refused = new Set(table.refuse.flatMap(({ calls }) => calls));
  const conditional = new Set(table.conditions.flatMap(({ calls }) => calls));
  expect(NAMED.refused.filter((call) => !refused.has(call) || allowed.has(call))).toEqual([]);
  expect(NAMED.absent.filter((call) => refused.has(call) || allowed.has(call))).toEqual([]);
  expect(NAMED.conditional.filter((call) => !conditional.has(call))).toEqual([]);
});
