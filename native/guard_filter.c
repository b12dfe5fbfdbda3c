// The trapping filter, and its installation in the command child. Which calls trap is decided here, from registers only;
// what happens to them is decided by the guard.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard.h"
#include "guard_calls.h"

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

static int load(void) {
  struct build build = {.count = 0};
  make_filter(&build);
  struct sock_fprog program = {build.count, build.code};
  // WAIT_KILLABLE: a signal must not make the caller repeat a call that the guard has already done.
  int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
  if (fd >= 0 || errno != EINVAL) return fd;
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static int send_listener(int socket_fd, int listener) {
  char byte = 'L', space[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
  memcpy(CMSG_DATA(header), &listener, sizeof listener);
  return sendmsg(socket_fd, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int guard_install(int socket_fd) {
  char byte = 0;
  // The guard says first that it has read the workspace; its silence or end is a refusal.
  if (recv(socket_fd, &byte, 1, 0) != 1 || byte != 'R') {
    errno = ECONNREFUSED;
    return -1;
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  int listener = load();
  if (listener < 0) return -1;
  int sent = send_listener(socket_fd, listener);
  // Our copy must go: while any is open, a dead guard would make calls wait instead of fail.
  close(listener);
  if (sent != 0) return -1;
  if (recv(socket_fd, &byte, 1, 0) != 1 || byte != 'G') {
    errno = ECONNREFUSED;
    return -1;
  }
  return close(socket_fd);
}
