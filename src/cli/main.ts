// Every command of the program: one file a command, and only the one that is asked for is loaded.
import { type Commands, startProgram } from "./program.ts";

/** Every command and its file. Only the one that is asked for is loaded: a start should not pay for the others. */
const COMMANDS: Commands = {
  run: async () => (await import("./run.ts")).runCommand(),
  exec: async () => (await import("./exec.ts")).execCommand(),
  sessions: async () => (await import("./sessions.ts")).sessionsCommand(),
  demo: async () => (await import("./demo.ts")).demoCommand(),
  review: async () => (await import("./review.ts")).reviewCommand(),
  apply: async () => (await import("./apply.ts")).applyCommand(),
  discard: async () => (await import("./discard.ts")).discardCommand(),
  init: async () => (await import("./init.ts")).initCommand(),
  check: async () => (await import("./check.ts")).checkCommand(),
  policy: async () => (await import("./policy.ts")).policyCommand(),
  doctor: async () => (await import("./doctor.ts")).doctorCommand(),
  install: async () => (await import("./install.ts")).installCommand(),
  uninstall: async () => (await import("./uninstall.ts")).uninstallCommand(),
  hook: async () => (await import("./hook.ts")).hookCommand(),
  host: async () => (await import("./host.ts")).hostCommand(),
  approve: async () => (await import("./approve.ts")).approveCommand(),
  reject: async () => (await import("./reject.ts")).rejectCommand(),
  log: async () => (await import("./log.ts")).logCommand(),
  mcp: async () => (await import("./mcp.ts")).mcpCommand(),
};

startProgram(COMMANDS, process.argv);
