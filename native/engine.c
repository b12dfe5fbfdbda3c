// The engine's namespaces (engine.h).
#define _GNU_SOURCE
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper.h"
#include "user.h"
#include "view.h"

#define ENGINE "/.engine"

void engine_proc(void) {
  if (mkdir(ENGINE "/proc", 0555) != 0) fail("engine", ENGINE);
  if (mount("proc", ENGINE "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) fail("engine", "proc");
  // A root caller is the owner of the kernel's settings: read-only, and locked so in every namespace below this one.
  read_only(ENGINE "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
}

void engine_root(const char *workspace) {
  static const char *const hidden[] = {"/proc", "/dev", ENGINE};
  if (mkdir(ENGINE "/root", 0755) != 0) fail("engine", ENGINE);
  // What is mounted over a secret that appears later (late.h) reaches the copy, and the engine's own namespace, only by this.
  if (mount(NULL, workspace, NULL, MS_SHARED, NULL) != 0) fail("engine", workspace);
  if (mount("/", ENGINE "/root", NULL, MS_BIND | MS_REC, NULL) != 0) fail("engine", "root");
  for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
    char *path = format(ENGINE "/root%s", hidden[i]);
    if (umount2(path, MNT_DETACH) != 0) fail("engine", path);
    free(path);
  }
  read_only(ENGINE "/root", MS_NOSUID | MS_NODEV);
}

void become_engine(int settings) {
  if (unshare(CLONE_NEWUSER) != 0) fail("user-namespace", "engine");
  map_user(0, 0);
  forbid_namespaces(settings);
  if (unshare(CLONE_NEWNS) != 0) fail("engine", "mount namespace");
  if (mount(ENGINE "/proc", "/proc", NULL, MS_BIND, NULL) != 0) fail("engine", "proc");
}

void join_engine(int user) {
  if (setns(user, CLONE_NEWUSER) != 0) fail("user-namespace", "join");
}

void engine_capabilities(void) {
  // What runsc asks for when it makes its root, its servers of files and its tracer. All of it over its own user namespace.
  static const int kept[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_SETUID, CAP_SETGID, CAP_SETPCAP,
                             CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_SYS_ADMIN};
  for (int capability = 0; capability < 64; capability++) {
    bool keep = false;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) keep = keep || kept[i] == capability;
    if (!keep && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EINVAL) fail("capabilities", "bounding");
  }
}
