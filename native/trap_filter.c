// Building a trapping filter (trap_filter.h).
#define _GNU_SOURCE
#include "trap_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>

#ifdef __x86_64__
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif
#define X32_BIT 0x40000000U
#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)

enum { REFUSE = SECCOMP_RET_ERRNO | ENOSYS };

void trap_put(struct trap_filter *filter, unsigned short code, unsigned k, unsigned char yes, unsigned char no) {
  filter->code[filter->count++] = (struct sock_filter){code, yes, no, k};
}

void trap_begin(struct trap_filter *filter) {
  filter->count = 0;
  trap_put(filter, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
  trap_put(filter, BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0);
  trap_put(filter, BPF_RET | BPF_K, REFUSE, 0, 0);
  trap_put(filter, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
#ifdef __x86_64__
  trap_put(filter, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
  trap_put(filter, BPF_RET | BPF_K, REFUSE, 0, 0);
#endif
}

struct sock_fprog trap_end(struct trap_filter *filter) {
  trap_put(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  return (struct sock_fprog){filter->count, filter->code};
}

void trap_absent(struct trap_filter *filter, unsigned number) {
  unsigned short from = trap_if(filter, number);
  trap_put(filter, BPF_RET | BPF_K, REFUSE, 0, 0);
  trap_fi(filter, from);
}

unsigned short trap_if(struct trap_filter *filter, unsigned number) {
  trap_put(filter, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 0);
  return filter->count - 1;
}

void trap_fi(struct trap_filter *filter, unsigned short from) { filter->code[from].jf = (unsigned char)(filter->count - from - 1); }

void trap_load(struct trap_filter *filter, int argument, bool high) {
  unsigned at = (unsigned)offsetof(struct seccomp_data, args) + (unsigned)argument * 8 + (high ? 4 : 0);
  trap_put(filter, BPF_LD | BPF_W | BPF_ABS, at, 0, 0);
}

void trap_notify(struct trap_filter *filter) { trap_put(filter, BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF, 0, 0); }

void trap_answers(struct trap_filter *filter) {
  trap_put(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  trap_notify(filter);
}

void trap_open(struct trap_filter *filter, int argument, bool reads) {
  trap_load(filter, argument, false);
  trap_put(filter, BPF_JMP | BPF_JSET | BPF_K, O_PATH, 1, 0);
  if (reads) trap_put(filter, BPF_JMP | BPF_JA, 1, 0, 0);
  else trap_put(filter, BPF_JMP | BPF_JSET | BPF_K, O_ACCMODE | O_CREAT | O_TRUNC | TMPFILE_BIT, 1, 0);
  trap_answers(filter);
}
