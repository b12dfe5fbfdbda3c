// What a command can do, by doing it (look.h). Every call is given arguments that change nothing: what counts is who refuses first.
#define _GNU_SOURCE
#include "look.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper.h"

// The kernel looked at the call: it was not refused, only nonsense.
static bool looked_at(int cause) { return cause == 0 || cause == EFAULT || cause == EINVAL || cause == E2BIG || cause == ENOTTY || cause == ENOKEY; }

static void say(const char *name, long result) {
  int cause = result < 0 ? errno : 0;
  printf("%s %s\n", name, looked_at(cause) ? "ok" : strerrorname_np(cause));
  if (result > 2) close((int)result);
}

static int in_child(int flags) {
  pid_t child = fork();
  if (child == 0) _exit(unshare(flags) == 0 ? 0 : errno);
  int how = 0;
  if (child < 0 || waitpid(child, &how, 0) != child || !WIFEXITED(how)) return -1;
  errno = WEXITSTATUS(how);
  return errno == 0 ? 0 : -1;
}

static unsigned long long capabilities(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2] = {{0, 0, 0}, {0, 0, 0}};
  unsigned long long any = 0;
  if (syscall(SYS_capget, &header, sets) != 0) return ~0ULL;
  for (int i = 0; i < 2; i++) any |= sets[i].effective | sets[i].permitted | sets[i].inheritable;
  for (int i = 0; i < 64; i++) any |= prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1;
  return any;
}

static long open_below(const char *folder, const char *name) {
  char *path = format("%s/%s", folder, name);
  long fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  free(path);
  return fd;
}

int run_look(const char *folder) {
  struct io_uring_params ring = {0};
  static const struct {
    const char *name;
    int family, type, protocol;
  } sockets[] = {{"netlink", AF_NETLINK, SOCK_RAW, 0}, {"packet", AF_PACKET, SOCK_RAW, 0}, {"vsock", 40, SOCK_STREAM, 0}, {"raw", AF_INET, SOCK_RAW, 1}};
  say("keyring", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) < 0 ? -1 : 0);
  say("bpf", syscall(SYS_bpf, 0, NULL, 0));
  say("perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
  say("io_uring", syscall(SYS_io_uring_setup, 1, &ring));
  say("userfaultfd", syscall(SYS_userfaultfd, 1));
  say("user-namespace", in_child(CLONE_NEWUSER));
  say("mount", mount(NULL, NULL, NULL, 0, NULL));
  for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) say(sockets[i].name, socket(sockets[i].family, sockets[i].type | SOCK_CLOEXEC, sockets[i].protocol));
  say("type-into-terminal", ioctl(0, TIOCSTI, "x"));
  say("kernel-settings", open("/proc/sys/kernel/hostname", O_WRONLY | O_CLOEXEC));
  say("write-workspace", open_below(".", "written"));
  say("write-unlisted", open_below(folder, "written"));
  printf("capabilities %llx\n", capabilities());
  printf("no-new-privileges %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  printf("filter %d\n", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
  printf("user %d\n", (int)getuid());
  return 0;
}
