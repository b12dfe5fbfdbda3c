// From root of an engine's kernel to the agent (guest.h).
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "helper.h"

enum { FILTER_MOST = 4096 };

static _Noreturn void refuse(const char *what) {
  fprintf(stderr, "ringfence: the engine's kernel refuses the %s (%s)\n", what, strerror(errno));
  _exit(EXIT_NO_FENCE);
}

static bool put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool written = fd >= 0 && write_all(fd, text, strlen(text));
  if (fd >= 0) close(fd);
  return written;
}

static void become(const char *uid, const char *gid) {
  unsigned user = (unsigned)strtoul(uid, NULL, 10), group = (unsigned)strtoul(gid, NULL, 10);
  char map[64];
  if (user == 0 || group == 0) errno = EINVAL, refuse("user");
  if (unshare(CLONE_NEWUSER) != 0) refuse("user namespace");
  (void)put("/proc/self/setgroups", "deny");  // kernels without that file never allow it to an ordinary user
  snprintf(map, sizeof map, "%u 0 1\n", group);
  if (!put("/proc/self/gid_map", map)) refuse("group");
  snprintf(map, sizeof map, "%u 0 1\n", user);
  if (!put("/proc/self/uid_map", map)) refuse("user");
  if (setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0) refuse("user");
}

void guest_drop(void) {
  for (int capability = 0; capability < 64; capability++) {
    if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) refuse("bounding set");
  }
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, none) != 0) refuse("capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) refuse("promise of no new privileges");
}

struct sock_fprog guest_filter(const char *path) {
  static struct sock_filter program[FILTER_MOST];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read(fd, program, sizeof program);
  if (size <= 0 || size % (ssize_t)sizeof *program != 0) refuse("filter's file");
  close(fd);
  return (struct sock_fprog){(unsigned short)((size_t)size / sizeof *program), program};
}

bool tell_begun(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return false;
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool told = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
  if (fd >= 0) close(fd);
  return told;
}

_Noreturn void guest_execute(struct sock_fprog *filter, char **argv) {
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, filter) != 0) refuse("filter");
  execvp(argv[0], argv);
  int why = errno;
  fprintf(stderr, "ringfence: the program cannot be run inside: %s\n", strerror(why));
  _exit(why == ENOENT || why == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

_Noreturn void run_guest(char **arguments) {
  for (int i = 0; i < 6; i++) {
    if (arguments[i] == NULL) errno = EINVAL, refuse("arguments");
  }
  struct sock_fprog filter = guest_filter(arguments[2]);
  become(arguments[0], arguments[1]);
  guest_drop();
  if (strcmp(arguments[3], "-") != 0 && !tell_begun(arguments[3])) refuse("sign of life");
  guest_execute(&filter, arguments + 5);
}
