// One further command in the fence of the first: same namespaces, same user, same filter, same limits; streams of its own caller. Carried out by a
// process of its own beside the first command's (the runner), so that nothing of it is left behind in the helper.
#ifndef RINGFENCE_FURTHER_H
#define RINGFENCE_FURTHER_H

#include "program.h"
#include "request.h"

// What the runner needs of the running fence. Descriptors are inherited, none reaches the command.
struct place {
  const struct program *program;
  int proc;      // O_PATH of /proc of the outer pid namespace
  int spawner;   // the way to process 1 of the command's pid namespace (spawn.h), which starts the command
  // for an engine, whose commands are started from outside:
  int own_pids;  // the outer pid namespace
  int pids;      // the command's
  int user;      // the first command's user namespace
  int refusals;  // where guards write, or -1
  int intake;    // the recorder's (record_start.h), or -1
};

// In a fresh child of the outer helper, with the caller's streams at FD_STREAM. Never returns. CONNECTION is the caller's (attach.h): its end
// ends the command. Says `began TOKEN PID`, then `ended TOKEN CODE SIGNAL` on the control socket, or `failed TOKEN STEP …`.
_Noreturn void run_further(const struct place *place, struct request *request, int connection);

#endif
