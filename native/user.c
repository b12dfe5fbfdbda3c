// Becoming the command's user (user.h).
#define _GNU_SOURCE
#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper.h"

static void put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || !write_all(fd, text, strlen(text))) fail("user", path);
  close(fd);
}

void map_user(unsigned uid, unsigned gid) {
  put("/proc/self/setgroups", "deny");
  // In the fence this process was root, and nobody else is there.
  char *map = format("%u 0 1\n", gid);
  put("/proc/self/gid_map", map);
  free(map);
  map = format("%u 0 1\n", uid);
  put("/proc/self/uid_map", map);
  free(map);
}

void forbid_namespaces(int settings) {
  // Looked up from inside the new namespace, the file is that namespace's alone.
  int limit = openat(settings, "user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
  if (limit < 0 ? errno != ENOENT : !write_all(limit, "0", 1)) fail("user", "max_user_namespaces");
  if (limit >= 0) close(limit);
}

void forget_keys(void) {
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS) fail("keyring", "join");
}

static void drop_capabilities(void) {
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) fail("capabilities", "ambient");
  for (int capability = 0; capability < 64; capability++) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EINVAL) fail("capabilities", "bounding");
  }
  unsigned long locked = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
                         SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  if (prctl(PR_SET_SECUREBITS, locked, 0, 0, 0) != 0) fail("capabilities", "securebits");
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, none) != 0) fail("capabilities", "capset");
}

void become_user(const struct program *p, int settings) {
  forget_keys();
  if (unshare(CLONE_NEWUSER) != 0) fail("user-namespace", "nested");
  map_user(p->uid, p->gid);
  forbid_namespaces(settings);  // a second barrier behind the filter
  if (setresgid(p->gid, p->gid, p->gid) != 0 || setresuid(p->uid, p->uid, p->uid) != 0) fail("user", "setresuid");
  drop_capabilities();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("no-new-privs", "prctl");
  // A change of user may undo both.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) fail("user", "dumpable");
}
