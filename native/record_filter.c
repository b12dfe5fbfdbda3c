// Which calls trap for the recorder, and for the guard where there is one (record_filter.h).
#define _GNU_SOURCE
#include "record_filter.h"

#include <sys/socket.h>
#include <sys/syscall.h>

#include "record_look.h"
#include "trap.h"
#include "trap_filter.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

static void by_address(struct trap_filter *filter, int argument) {
  trap_load(filter, argument, false);
  trap_put(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
  trap_load(filter, argument, true);
  trap_put(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
  trap_answers(filter);
}

static void by_fast_open(struct trap_filter *filter, int argument) {
  trap_load(filter, argument, false);
  trap_put(filter, BPF_JMP | BPF_JSET | BPF_K, MSG_FASTOPEN, 1, 0);
  trap_answers(filter);
}

int record_install(int socket, struct record_wants wants) {
  struct trap_filter filter;
  trap_begin(&filter);
  if (wants.guard) {
    trap_absent(&filter, SYS_openat2);
    trap_absent(&filter, SYS_fchmodat2);
  }
  for (size_t i = 0; i < look_call_count; i++) {
    const struct look_call *call = &look_calls[i];
    unsigned short from = trap_if(&filter, (unsigned)call->number);
    if (call->when == TRAP_OPEN_FLAGS) trap_open(&filter, call->argument, wants.reads);
    else if (call->when == TRAP_ADDRESS) by_address(&filter, call->argument);
    else if (call->when == TRAP_FAST_OPEN) by_fast_open(&filter, call->argument);
    else trap_notify(&filter);
    trap_fi(&filter, from);
  }
  struct sock_fprog program = trap_end(&filter);
  return trap_install(socket, &program);
}
