// The first process of the command's own pid namespace: makes /proc, starts the command, reaps, and by its end ends all.
#ifndef RINGFENCE_INNER_H
#define RINGFENCE_INNER_H

#include "command.h"

// What passes over the report socket (SOCK_SEQPACKET) between the outer helper and the inner processes.
//   inner → outer  'V' the view is complete, 'R' the command is ready (its pid comes as credentials), 'X' errno: exec failed,
//                  'N' errno: no further command could be forked
//   outer → inner  any byte: go on
// Afterwards the command's wait status comes over `status`.

// Runs in a fresh pid namespace, never returns.
_Noreturn void run_inner(struct command *command, int status);

#endif
