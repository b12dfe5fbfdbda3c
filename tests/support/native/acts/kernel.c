// The kernel's surface: namespaces and mounts, calls that few programs need, terminals.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "acts.h"

// Namespaces and mounts
static int do_userns(void) { return result(unshare(CLONE_NEWUSER)); }
static int userns(void) { return child(do_userns); }
static int clone_flags(void) {
  long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid((pid_t)pid, NULL, 0);
  return result(pid);
}
static int clone_3(void) {
  uint64_t arguments[11] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD};
  long pid = syscall(SYS_clone3, arguments, 64);
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid((pid_t)pid, NULL, 0);
  return result(pid);
}
static int do_time(void) { return result(unshare(0x80)) == EPERM ? EPERM : 0; }
static int enter_own(void) {
  int fd = open("/proc/self/ns/user", O_RDONLY);
  int got = result(setns(fd, 0));
  return got == EINVAL ? 0 : got;  // outside: the kernel looked at it
}
static int mount_api(void) {
  int got = result(syscall(SYS_open_tree, AT_FDCWD, "/", 0));
  return got;
}
static int statmounts(void) {
  int got = result(syscall(457, NULL, NULL, 0, 0));
  return got == EFAULT || got == EINVAL ? 0 : got;
}
static int old_mount(void) {
  int got = result(mount(NULL, NULL, NULL, 0, NULL));
  return got == EFAULT || got == EINVAL ? 0 : got;
}
static int root_change(void) {
  int got = result(chroot("/nonexistent"));
  return got == ENOENT ? 0 : got;
}

// Kernel surface
static int uring(void) {
  struct io_uring_params parameters = {0};
  return result(syscall(SYS_io_uring_setup, 1, &parameters));
}
static int program(void) {
  int got = result(syscall(SYS_bpf, 0, NULL, 0));
  return got == EINVAL || got == EFAULT || got == E2BIG ? 0 : got;
}
static int perf(void) {
  int got = result(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
  return got == EFAULT ? 0 : got;
}
static int faults(void) { return result(syscall(SYS_userfaultfd, 1)); }
static int secret_memory(void) { return result(syscall(447, 0)); }
static int descriptor_table(void) {
  int got = result(syscall(SYS_modify_ldt, 0, NULL, 0));
  return got;
}
static int fanotify(void) { return result(syscall(SYS_fanotify_init, 0x200, 0)); }
static int quota(void) {
  int got = result(syscall(SYS_quotactl, 0x800007 << 8, "/nonexistent", 0, NULL));
  return got == ENOENT || got == ESRCH || got == EINVAL ? 0 : got;
}
#if defined(__x86_64__)
static int do_x32(void) { return result(syscall(0x40000000 | 39)); }
static int do_i386(void) {
  long got;
  __asm__ volatile("int $0x80" : "=a"(got) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
  return got > 0 ? 0 : (int)-got;
}
static int i386(void) { return child(do_i386); }
#endif
static int memory_map_rewrite(void) {
  int got = result(prctl(PR_SET_MM, PR_SET_MM_BRK, 0, 0, 0));
  return got == EINVAL || got == ENOMEM ? 0 : got;
}
static int read_implies_exec(void) { return result(syscall(SYS_personality, 0x0400000)); }

// Terminals, on descriptor `tty` of the caller
static int terminal(unsigned long request, void *argument) {
  int fd = open("/dev/tty", O_RDWR | O_NOCTTY);
  if (fd < 0) fd = 0;
  int got = result(ioctl(fd, request, argument));
  return got == ENOTTY ? 0 : got;
}
static int tty_type(void) { return terminal(TIOCSTI, "x"); }
static int tty_discipline(void) {
  int one = 0;
  return terminal(TIOCSETD, &one);
}
static int tty_linux(void) {
  char code = 6;
  return terminal(TIOCLINUX, &code);
}
static int tty_console(void) {
  int got = terminal(TIOCCONS, NULL);
  return got == EBUSY ? 0 : got;
}
static int tty_type_high(void) { return result(syscall(SYS_ioctl, 0, 0x100000000UL | TIOCSTI, "x")) == ENOTTY ? 0 : errno; }

const struct act kernel_acts[] = {
    ACT(userns), ACT(clone_flags), ACT(clone_3), ACT(do_time), ACT(enter_own), ACT(mount_api), ACT(statmounts), ACT(old_mount),
    ACT(root_change), ACT(uring), ACT(program), ACT(perf), ACT(faults), ACT(secret_memory), ACT(descriptor_table), ACT(fanotify),
    ACT(quota), ACT(memory_map_rewrite), ACT(read_implies_exec), ACT(tty_type), ACT(tty_discipline), ACT(tty_linux),
    ACT(tty_console), ACT(tty_type_high),
#if defined(__x86_64__)
    {"x32", do_x32}, ACT(i386),
#endif
    {NULL, NULL},
};
