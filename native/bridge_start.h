// Starting the bridge, as the program says it.
#ifndef RINGFENCE_BRIDGE_START_H
#define RINGFENCE_BRIDGE_START_H

#include "program.h"

// Opens it in this network namespace and forks its process; does nothing when nothing crosses. PROC: of this pid namespace.
void bridge_start(const struct program *program, int proc);

#endif
