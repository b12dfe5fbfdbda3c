// The first process in the fence (bubblewrap's pid namespace): builds it, guards its streams, and takes it down.
#ifndef RINGFENCE_OUTER_H
#define RINGFENCE_OUTER_H

// Reads the program from the control socket and carries it out. Returns the exit code.
int run_outer(void);

#endif
