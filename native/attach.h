// A caller of a further command: hands its three streams to the fence, passes signals on, and ends as the command ends.
#ifndef RINGFENCE_ATTACH_H
#define RINGFENCE_ATTACH_H

// SOCKET is the fence's socket for callers, TOKEN what the supervisor announced. Returns the exit code: the command's own, or
// EXIT_LOST when the fence ended first.
int run_attach(const char *socket, const char *token);

// Connects to the Unix socket at PATH, however long that is, by its folder. -1 with errno.
int connect_below(const char *path, int type);

// No exit code of a command: the caller of this errand asks the supervisor why.
enum { EXIT_LOST = 199 };

#endif
