// The one user that the command is: no capability, no way to any, and nothing of the caller's keys.
#ifndef RINGFENCE_USER_H
#define RINGFENCE_USER_H

#include "program.h"

// Maps one user and group of the calling process's new user namespace to its caller.
void map_user(unsigned uid, unsigned gid);

// No further user namespaces below the calling process's. SETTINGS is /proc/sys before it became read-only.
void forbid_namespaces(int settings);

// An own, empty session keyring; the caller's keys would otherwise be inherited.
void forget_keys(void);

// The calling process, and what it forks, is that user for good, in a user namespace inside the fence's. It stays closed to tracing.
void become_user(const struct program *program, int settings);

#endif
