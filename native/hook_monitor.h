// Who guards this session: the supervisor of the fence we are in, else the caller's hook host, which is started when it is not there.
#ifndef RINGFENCE_HOOK_MONITOR_H
#define RINGFENCE_HOOK_MONITOR_H

// Returns a connected, non-blocking socket whose other end was checked to be the caller's own. Refuses when there is none.
// STATE_HOME is `--state-home`, or NULL: then XDG_STATE_HOME, else `.local/state` of the password entry. Changes the working directory.
int reach_monitor(const char *state_home);

#endif
