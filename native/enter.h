// Joining cgroups before anything else, and the socket by which further commands come (commands.h).
#ifndef RINGFENCE_ENTER_H
#define RINGFENCE_ENTER_H

// ARGUMENTS: perhaps `--listen` and a path, cgroup.procs files, `--`, an absolute program and its arguments; ended by NULL. Does not return on success.
int run_enter(char **arguments);

#endif
