// The trapping filter of a guard without a recorder, and its installation in the command child. Which calls trap is decided here; what happens to
// them is decided by the guard.
#define _GNU_SOURCE
#include <sys/syscall.h>

#include "guard.h"
#include "guard_calls.h"
#include "trap.h"
#include "trap_filter.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static void open_call(struct trap_filter *filter, unsigned number, int argument) {
  unsigned short from = trap_if(filter, number);
  trap_open(filter, argument, false);
  trap_fi(filter, from);
}

int guard_install(int socket_fd) {
  struct trap_filter filter;
  trap_begin(&filter);
  open_call(&filter, SYS_openat, 2);
#ifdef SYS_open
  open_call(&filter, SYS_open, 1);
#endif
  trap_absent(&filter, SYS_openat2);
  trap_absent(&filter, SYS_fchmodat2);
  for (size_t i = 0; i < guard_call_count; i++) {
    if (guard_calls[i].by_flags) continue;
    unsigned short from = trap_if(&filter, (unsigned)guard_calls[i].number);
    trap_notify(&filter);
    trap_fi(&filter, from);
  }
  struct sock_fprog program = trap_end(&filter);
  return trap_install(socket_fd, &program);
}
