// The guard of a `direct` workspace as a process of its own, for the first command and for each further one.
#ifndef RINGFENCE_GUARD_START_H
#define RINGFENCE_GUARD_START_H

#include "guard.h"
#include "program.h"

// Opens the folder for before-images, if the program has one; while the staging folder is there.
void open_past(struct program *program);

// What the guard of this program is started with.
struct guard_options guard_options_of(const struct program *program, int proc, int socket, int events);

// Forks the guard that answers the command at the other end of SOCKET; both die together. EVENTS is where its refusals go, PROC a
// /proc of the caller's pid namespace, which must be an outer one of the command's. The view is complete by then.
void start_guard(const struct program *program, int proc, int socket, int events);

#endif
