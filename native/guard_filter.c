// The trapping filter, and its installation in the command child. Which calls trap is decided here, from registers only;
// what happens to them is decided by the guard.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "guard.h"
#include "guard_calls.h"
#include "trap.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifdef __x86_64__
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif
#define X32_BIT 0x40000000U
#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)

enum { MOST = 128, BRANCH = 4 };

struct build {
  struct sock_filter code[MOST];
  unsigned short count;
};

static void put(struct build *build, unsigned short code, unsigned k, unsigned char yes, unsigned char no) {
  build->code[build->count++] = (struct sock_filter){code, yes, no, k};
}

static void answer_if(struct build *build, unsigned number, unsigned answer) {
  put(build, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
  put(build, BPF_RET | BPF_K, answer, 0, 0);
}

// An opening call traps when it could write, create or cut; a plain read never does. The flags are the low half of an argument.
static void open_by_flags(struct build *build, unsigned number, unsigned argument) {
  put(build, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 5);
  put(build, BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, args) + argument * 8, 0, 0);
  put(build, BPF_JMP | BPF_JSET | BPF_K, O_PATH, 1, 0);
  put(build, BPF_JMP | BPF_JSET | BPF_K, O_ACCMODE | O_CREAT | O_TRUNC | TMPFILE_BIT, 1, 0);
  put(build, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  put(build, BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF, 0, 0);
}

static void make_filter(struct build *build) {
  const unsigned refuse = SECCOMP_RET_ERRNO | ENOSYS;
  put(build, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
  put(build, BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0);
  put(build, BPF_RET | BPF_K, refuse, 0, 0);
  put(build, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
#ifdef __x86_64__
  put(build, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
  put(build, BPF_RET | BPF_K, refuse, 0, 0);
#endif
  open_by_flags(build, SYS_openat, 2);
#ifdef SYS_open
  open_by_flags(build, SYS_open, 1);
#endif
  // Their arguments are in memory, or their libc falls back to the older call that we know.
  answer_if(build, SYS_openat2, refuse);
  answer_if(build, SYS_fchmodat2, refuse);
  for (size_t i = 0; i < guard_call_count; i++)
    if (!guard_calls[i].by_flags) answer_if(build, (unsigned)guard_calls[i].number, SECCOMP_RET_USER_NOTIF);
  put(build, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

int guard_install(int socket_fd) {
  struct build build = {.count = 0};
  make_filter(&build);
  struct sock_fprog program = {build.count, build.code};
  return trap_install(socket_fd, &program);
}
