// The nest: a private place on the host in which a container engine may do its work, and out of which it can change nothing.
#ifndef RINGFENCE_NEST_H
#define RINGFENCE_NEST_H

// `nest [--profile FILE] [--ro|--rw SOURCE]... -- COMMAND...`: becomes the keeper of COMMAND, which runs as root of a user namespace that holds the
// caller alone, in pid, mount, network, IPC, UTS and cgroup namespaces of its own. There the host is read-only, and /run, /tmp and /dev/shm are
// empty. /run/engine is for the engine: `rootfs` with the sources bound at m/0, m/1, … and this helper at /helper, the profile, and folders to work in.
// All of it lives in memory and dies with the keeper, the keeper with its parent; no process, mount or file outlives it. Returns COMMAND's exit code.
int run_nest(char **arguments);

#endif
