// The process before an engine: signals that are meant for the agent (the terminal's keys, the supervisor's orders) reach the engine's first
// process, which passes them on, and none of the engine's other processes, which would die or stand still of them.
#ifndef RINGFENCE_HERALD_H
#define RINGFENCE_HERALD_H

// Returns in a fresh child, which goes on to become the engine in a process group of its own. The caller stays behind as the herald, with no
// capability and no descriptor, takes every signal to the child, and ends as the child ends.
void stand_before_engine(void);

#endif
