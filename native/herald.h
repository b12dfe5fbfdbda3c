// The process before an engine: signals that are meant for the agent (the terminal's keys, the supervisor's orders) are taken to it, and reach none
// of the engine's own processes, which would die or stand still of them.
#ifndef RINGFENCE_HERALD_H
#define RINGFENCE_HERALD_H

#include "program.h"

// Returns in a fresh child, which goes on to become the engine in a process group of its own. The caller stays behind as the herald, without
// descriptors, and ends as the child ends.
// DELIVER is the command that takes a signal there, to be followed by its number; NULL: the child itself passes on what it gets.
void stand_before_engine(const struct list *deliver);

#endif
