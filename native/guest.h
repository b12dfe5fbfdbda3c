// The agent's first step inside an engine's kernel, which starts it as root of that kernel's own users: an ordinary user, no capability,
// the session's filter, and then the command. Everything here is asked of the engine's kernel, never of the host's.
#ifndef RINGFENCE_GUEST_H
#define RINGFENCE_GUEST_H

#include <linux/filter.h>
#include <stdbool.h>

// Arguments: UID GID FILTER BEGUN -- COMMAND [ARGUMENT...]. FILTER is a file with a seccomp program. BEGUN is a Unix socket that is connected
// to as soon as the command can be started, which tells the supervisor that the engine works; "-" for none. Never returns: 125, 126 or 127 when it cannot be.
_Noreturn void run_guest(char **arguments);

// The steps of it, for a guest that becomes its user in another way. Each ends the process with 125 when it cannot be taken.
struct sock_fprog guest_filter(const char *path);
void guest_drop(void);  // every capability, the bounding set as far as the caller may, and the way to new privileges
_Noreturn void guest_execute(struct sock_fprog *filter, char **argv);

// Connects once to the Unix socket at PATH.
bool tell_begun(const char *path);

#endif
