// The guard of `direct` workspaces (DESIGN SAND-3): every call that could change a protected path is trapped by seccomp and
// done by this process on the caller's behalf, or refused with EPERM. Nothing is ever "continued": the caller's memory can
// change after the check, so the guard reads the path once and then works only with descriptors that it opened itself.
// 
// How to start it (order matters):
// 1. the command's mount namespace is complete;
// 2. fork the guard in the OUTER pid and user namespaces and call guard_run: it joins the mount namespace `mount_ns_fd`,
// gives up all capabilities, reads the workspace once, then waits on `socket_fd` for the listener;
// 3. the command child, after no_new_privs and BEFORE the main filter, calls guard_install on the other end of that
// socket pair: it loads the trapping filter, sends the listener, waits for the guard's answer and closes the socket.
// When the guard dies, trapped calls fail with ENOSYS: closed, not open.
#ifndef RINGFENCE_GUARD_H
#define RINGFENCE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guard_options {
  int socket_fd;              // one end of a SOCK_SEQPACKET or SOCK_STREAM pair; the other belongs to the command child
  int event_fd;               // pipe or socket for refusals, or -1; made non-blocking: a full one loses lines, never stalls.
                              // One line each: "refused OP PID PATH\n"; PID is of the guard's pid namespace; PATH is percent-encoded
                              // (all bytes outside 0x21..0x7e, and '%'), at most 1,200 characters, and relative to `root`
  int proc_fd;                // O_PATH|O_DIRECTORY of a /proc of the guard's own pid namespace, which contains the agent's
  int mount_ns_fd;            // the agent's mount namespace, joined by setns; -1 when the guard is in it already
  const char *root;           // workspace root, absolute, as seen in the agent's mount namespace, without symbolic links
  const char *const *names;   // GuardPlan.names, lower case; a component `*` stands for any one component
  size_t name_count;
  const char *const *except;  // GuardPlan.exceptBelow, lower case
  size_t except_count;
  int past_fd;                // folder of the session's past, where before-images are kept (guard_before.h), or -1
  uint64_t past_bytes;        // most bytes of them
};

struct guard;
struct recorder;

// Reads the workspace and gets ready to answer. RECORDER: every call is told there, or NULL. 0, or -1 with errno.
int guard_open(struct guard *guard, const struct guard_options *options, struct recorder *recorder);

// From now on threads of this process answer the calls of LISTENER, until nobody is left who could make one; then it is closed. False: none could
// be started, and LISTENER stays open for them that could.
bool guard_serve(struct guard *guard, int listener);

// True while there are such threads.
bool guard_serves(const struct guard *guard);

// Becomes a guard without a recorder, for one command. Returns only when the set-up failed (errno set; nothing was installed yet), and exits 0 when the last
// process of the command is gone. Must be the only thread of its process.
int guard_run(const struct guard_options *options);

// In the command child. Returns 0 when the guard answers, else -1 with errno: then the command must not start.
int guard_install(int socket_fd);

#endif
