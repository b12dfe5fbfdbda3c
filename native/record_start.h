// The recorder as a child of the outer helper: started once the view is complete, offered each command, and let go at the end.
#ifndef RINGFENCE_RECORD_START_H
#define RINGFENCE_RECORD_START_H

#include <stdbool.h>
#include <sys/types.h>

#include "program.h"

// Forks it. PROC: a /proc of the outer pid namespace; REFUSALS: where the guard of a `direct` workspace writes, which it is too then, or -1.
// Returns the intake, for record_offer.
int record_start(const struct program *program, int proc, int refusals);

// Gives the recorder one end of the socket pair whose other end a command child hands to record_install. Closes SOCKET.
void record_offer(int intake, int socket);

// No command comes any more: the recorder tells what is left to tell and ends.
void record_finish(int intake);

// Its pidfd: readable when it has ended. -1 when none was started, or when record_reaped was told.
int record_pidfd(void);

// A child of this process was reaped.
void record_reaped(pid_t child);

#endif
