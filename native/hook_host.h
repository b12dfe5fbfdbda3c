// The hook host from the client's side: where it keeps its folder, and how it is started.
#ifndef RINGFENCE_HOOK_HOST_H
#define RINGFENCE_HOOK_HOST_H

#include <sys/types.h>

// An absolute XDG_STATE_HOME, else `~/.local/state` by the password file; fresh memory, or NULL when neither says.
char *find_state_home(void);

// Starts `ringfence host` of this helper's own installation, in a session of its own and with a built environment: nothing of the agent's
// surroundings, which a repository may have set, reaches it. Returns its process at once; who listens afterwards is seen by connecting.
pid_t start_host(const char *state_home);

#endif
