// Joining cgroups before anything else.
#ifndef RINGFENCE_ENTER_H
#define RINGFENCE_ENTER_H

// ARGUMENTS: cgroup.procs files, `--`, an absolute program and its arguments; ended by NULL. Does not return on success.
int run_enter(char **arguments);

#endif
