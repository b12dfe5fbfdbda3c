// The new root (root.h). The plan's targets are looked up below it by the kernel (openat2, RESOLVE_IN_ROOT), so that no link in a bound folder leads
// back into the engine's root.
#define _GNU_SOURCE
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper.h"

#define NEW "/new"

static int root = -1;  // O_PATH of the new root

static int locate(const char *path) {
  struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

// The folder above PATH, made where it is not there; NAME becomes the last component.
static int folder_of(const char *path, const char **name) {
  char *prefix = format("%s", path);
  int at = locate("/");
  for (char *slash = strchr(prefix + 1, '/'); slash != NULL && at >= 0; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    int next = locate(prefix);
    if (next < 0 && errno == ENOENT && mkdirat(at, strrchr(prefix, '/') + 1, 0755) == 0) next = locate(prefix);
    close(at);
    at = next;
    *slash = '/';
  }
  if (at < 0) fail("mkdir", path);
  free(prefix);
  *name = strrchr(path, '/') + 1;
  return at;
}

// PATH as something to mount on, of the source's kind.
static int target_for(const char *path, bool folder, mode_t mode) {
  int there = locate(path);
  if (there >= 0) return there;
  const char *name;
  int above = folder_of(path, &name);
  int made = folder ? mkdirat(above, name, mode) : mknodat(above, name, S_IFREG | 0644, 0);
  if (made != 0) fail("mkdir", path);
  close(above);
  there = locate(path);
  if (there < 0) fail("mkdir", path);
  return there;
}

static void mount_at(const char *source, const char *kind, int target, unsigned long flags, const char *options, const char *path) {
  char *place = format("/proc/self/fd/%d", target);
  if (mount(source, place, kind, flags, options) != 0) fail("bind", path);
  free(place);
  close(target);
}

// Read-only and the like are the source's own already (nest.c), and locked.
static void place(const char *source, const char *path) {
  struct stat found;
  if (stat(source, &found) != 0) fail("bind", path);
  mount_at(source, NULL, target_for(path, S_ISDIR(found.st_mode), 0755), MS_BIND | MS_REC, NULL, path);
}

static mode_t to_mode(const char *octal) { return (mode_t)strtoul(octal, NULL, 8) & 07777; }

static void space(const char *bytes, const char *path) {
  char *options = *bytes == '0' ? format("mode=755") : format("mode=755,size=%s", bytes);
  mount_at("tmpfs", "tmpfs", target_for(path, true, 0755), MS_NOSUID | MS_NODEV, options, path);
  free(options);
}

static void link_at(const char *to, const char *path) {
  const char *name;
  int above = folder_of(path, &name);
  if (symlinkat(to, above, name) != 0) fail("symlink", path);
  close(above);
}

static void step(const struct record *r) {
  const char *word = r->strings[0].bytes, *first = r->strings[1].bytes, *second = r->strings[2].bytes;
  if (strcmp(word, "place") == 0) place(first, second);
  else if (strcmp(word, "folder") == 0) close(target_for(second, true, to_mode(first)));
  else if (strcmp(word, "space") == 0) space(first, second);
  else link_at(first, second);
}

bool is_root_step(const struct record *r) {
  static const char *const words[] = {"place", "folder", "space", "link"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(r->strings[0].bytes, words[i]) == 0) return true;
  }
  return false;
}

// The engine's root is gone afterwards: its /etc/hosts, its /sys, its devices, and the sources that nothing was made of.
static void turn(void) {
  if (mount("/proc", NEW "/proc", NULL, MS_MOVE, NULL) != 0) fail("proc", "move");
  if (chdir(NEW) != 0 || syscall(SYS_pivot_root, ".", ".") != 0) fail("root", "pivot_root");
  if (umount2(".", MNT_DETACH) != 0) fail("root", "unmount");
  if (chdir("/") != 0) fail("root", "chdir");
}

void make_root(const struct program *program) {
  mode_t before = umask(0);
  for (size_t i = 0; i < program->step_count; i++) {
    if (!is_root_step(&program->steps[i])) continue;
    if (root < 0) {
      if (mount("root", NEW, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0) fail("root", "tmpfs");
      root = open(NEW, O_PATH | O_DIRECTORY | O_CLOEXEC);
      if (root < 0 || mkdir(NEW "/proc", 0755) != 0) fail("root", NEW);
    }
    step(&program->steps[i]);
  }
  umask(before);
  if (root < 0) return;
  close(root);
  turn();
}
