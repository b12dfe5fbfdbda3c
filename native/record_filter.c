// Which calls trap, decided from registers only (record_filter.h).
#define _GNU_SOURCE
#include "record_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "record_look.h"
#include "trap.h"

#ifdef __x86_64__
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#define X32_BIT 0x40000000U
#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)
#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

enum { MOST = 192 };

struct build {
  struct sock_filter code[MOST];
  unsigned short count;
};

static void put(struct build *build, unsigned short code, unsigned k, unsigned char yes, unsigned char no) {
  build->code[build->count++] = (struct sock_filter){code, yes, no, k};
}

static unsigned half(int argument, bool high) {
  return (unsigned)offsetof(struct seccomp_data, args) + (unsigned)argument * 8 + (high ? 4 : 0);
}

static void answers(struct build *build) {
  put(build, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  put(build, BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF, 0, 0);
}

// An O_PATH descriptor gives no access; any other open is a write or, where they are wanted, a read.
static void by_open_flags(struct build *build, int argument, bool reads) {
  put(build, BPF_LD | BPF_W | BPF_ABS, half(argument, false), 0, 0);
  put(build, BPF_JMP | BPF_JSET | BPF_K, O_PATH, 1, 0);
  if (reads) put(build, BPF_JMP | BPF_JA, 1, 0, 0);
  else put(build, BPF_JMP | BPF_JSET | BPF_K, O_ACCMODE | O_CREAT | O_TRUNC | TMPFILE_BIT, 1, 0);
  answers(build);
}

static void by_address(struct build *build, int argument) {
  put(build, BPF_LD | BPF_W | BPF_ABS, half(argument, false), 0, 0);
  put(build, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
  put(build, BPF_LD | BPF_W | BPF_ABS, half(argument, true), 0, 0);
  put(build, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
  answers(build);
}

static void by_fast_open(struct build *build, int argument) {
  put(build, BPF_LD | BPF_W | BPF_ABS, half(argument, false), 0, 0);
  put(build, BPF_JMP | BPF_JSET | BPF_K, MSG_FASTOPEN, 1, 0);
  answers(build);
}

static void refuse_call(struct build *build, unsigned number) {
  put(build, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
  put(build, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
}

static void make_filter(struct build *build, struct record_wants wants) {
  // The main filter, which comes next, judges what is foreign; it must not pass here unseen.
  const unsigned refuse = SECCOMP_RET_ERRNO | ENOSYS;
  put(build, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
  put(build, BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0);
  put(build, BPF_RET | BPF_K, refuse, 0, 0);
  put(build, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
#ifdef __x86_64__
  put(build, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
  put(build, BPF_RET | BPF_K, refuse, 0, 0);
#endif
  if (wants.guard) {
    // Their arguments are in memory, or their libc falls back to the older call that the guard knows.
    refuse_call(build, SYS_openat2);
    refuse_call(build, SYS_fchmodat2);
  }
  for (size_t i = 0; i < look_call_count; i++) {
    const struct look_call *call = &look_calls[i];
    unsigned short jump = build->count;
    put(build, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call->number, 0, 0);
    if (call->when == TRAP_OPEN_FLAGS) by_open_flags(build, call->argument, wants.reads);
    else if (call->when == TRAP_ADDRESS) by_address(build, call->argument);
    else if (call->when == TRAP_FAST_OPEN) by_fast_open(build, call->argument);
    else put(build, BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF, 0, 0);
    build->code[jump].jf = (unsigned char)(build->count - jump - 1);
  }
  put(build, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

int record_install(int socket, struct record_wants wants) {
  struct build build = {.count = 0};
  make_filter(&build, wants);
  struct sock_fprog filter = {build.count, build.code};
  return trap_install(socket, &filter);
}
