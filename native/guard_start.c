// Forking the guard (guard_start.h), with its way to the session's past, which is open before the staging folder goes.
#define _GNU_SOURCE
#include "guard_start.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "guard.h"
#include "helper.h"

void open_past(struct program *p) {
  p->past_fd = -1;
  if (p->past_bytes == 0) return;
  p->past_fd = open(STAGING "/past", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (p->past_fd < 0) fail("guard", "past");
}

struct guard_options guard_options_of(const struct program *p, int proc, int socket, int events) {
  return (struct guard_options){.socket_fd = socket,
                                .event_fd = events,
                                .proc_fd = proc,
                                .mount_ns_fd = -1,
                                .root = p->root,
                                .names = (const char *const *)p->guard_names.items,
                                .name_count = p->guard_names.count,
                                .except = (const char *const *)p->guard_except.items,
                                .except_count = p->guard_except.count,
                                .past_fd = p->past_fd,
                                .past_bytes = p->past_bytes};
}

void start_guard(const struct program *p, int proc, int socket, int events) {
  pid_t child = fork();
  if (child < 0) fail("fork", "guard");
  if (child > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  struct guard_options options = guard_options_of(p, proc, socket, events);
  guard_run(&options);
  fail("guard", "start");
}
