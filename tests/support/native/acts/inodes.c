// Inodes of the caller that stand inside by a bind mount, set to what they already are; settings of the kernel; files that only a superuser makes.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "acts.h"

// The caller's own inodes that stand inside by a bind mount: set to what they already are
static int keep_mode(const char *path) {
  struct stat now;
  return stat(path, &now) != 0 ? errno : result(chmod(path, now.st_mode & 0777));
}
static int keep_owner(const char *path) {
  struct stat now;
  return stat(path, &now) != 0 ? errno : result(chown(path, now.st_uid, now.st_gid));
}
static int keep_times(const char *path) {
  struct stat now;
  if (stat(path, &now) != 0) return errno;
  struct timespec times[2] = {now.st_atim, now.st_mtim};
  return result(utimensat(AT_FDCWD, path, times, 0));
}
static int keep_flags(const char *path) {
  long flags;
  int fd = open(path, O_RDONLY | O_NONBLOCK);
  if (fd < 0) return errno;
  if (ioctl(fd, 0x80086601, &flags) != 0) return errno;
  return result(ioctl(fd, 0x40086602, &flags));
}
static int bound_mode(void) { return keep_mode(setting("bound")); }
static int bound_owner(void) { return keep_owner(setting("bound")); }
static int bound_times(void) { return keep_times(setting("bound")); }
static int bound_flags(void) { return keep_flags(setting("bound")); }
static int bound_attribute(void) { return result(setxattr(setting("bound"), "user.acts", "x", 1, 0)); }
static int bound_list(void) {
  // the access list that says what mode 0755 says
  static const char same[] = {2, 0, 0, 0, 1, 0, 7, 0, -1, -1, -1, -1, 4, 0, 5, 0, -1, -1, -1, -1, 32, 0, 5, 0, -1, -1, -1, -1};
  return result(setxattr(setting("bound"), "system.posix_acl_access", same, sizeof same, 0));
}
static int bound_write(void) { return result(open(setting("bound"), O_WRONLY)); }
static int bound_link(void) { return result(link(setting("bound"), setting("fresh"))); }
static int bound_lease(void) {
  int fd = open(setting("bound"), O_RDONLY);
  return fd < 0 ? errno : result(fcntl(fd, F_SETLEASE, F_RDLCK));
}
static int null_mode(void) { return keep_mode("/dev/null"); }
static int null_times(void) { return keep_times("/dev/null"); }
static int setting_write(void) {
  int fd = open("/proc/sys/kernel/core_pattern", O_WRONLY);
  return result(fd);
}
static int drop_caches(void) { return result(open("/proc/sys/vm/drop_caches", O_WRONLY)); }
static int sysrq(void) { return result(open("/proc/sysrq-trigger", O_WRONLY)); }
static int device_tree(void) { return read_at("/sys/kernel/mm/transparent_hugepage/enabled"); }
static int keys_list(void) { return read_at("/proc/keys"); }
static int symbols(void) { return read_at("/proc/kallsyms"); }
static int node(const char *path, dev_t device) {
  unlink(path);
  int got = result(mknod(path, S_IFCHR | 0600, device));
  unlink(path);
  return got;
}
static int make_device(void) { return node(setting("fresh"), 0x103); }
static int make_whiteout(void) { return node(setting("fresh"), 0); }
static int special(mode_t bit) {
  const char *path = setting("fresh");
  unlink(path);
  int fd = open(path, O_CREAT | O_WRONLY | O_EXCL, 0700);
  int got = fd < 0 ? errno : result(fchmod(fd, 0700 | bit));
  struct stat now;
  if (got == 0 && fstat(fd, &now) == 0 && (now.st_mode & bit) == 0) got = EPERM;
  unlink(path);
  return got;
}
static int set_user_id(void) { return special(S_ISUID); }
static int open_user_id(void) {
  const char *path = setting("fresh");
  unlink(path);
  int got = result(open(path, O_CREAT | O_WRONLY | O_EXCL, 04700));
  unlink(path);
  return got;
}
static int file_capability(void) {
  static const unsigned char capability[20] = {0, 0, 0, 2, 0, 0x20};
  const char *path = setting("fresh");
  unlink(path);
  close(open(path, O_CREAT | O_WRONLY | O_EXCL, 0700));
  int got = result(setxattr(path, "security.capability", capability, sizeof capability, 0));
  unlink(path);
  return got;
}
static int overlay_attribute(const char *name) {
  const char *path = setting("fresh");
  unlink(path);
  close(open(path, O_CREAT | O_WRONLY | O_EXCL, 0600));
  int got = result(setxattr(path, name, "y", 1, 0));
  unlink(path);
  return got;
}
static int trusted_attribute(void) { return overlay_attribute("trusted.overlay.opaque"); }

const struct act inodes_acts[] = {
    ACT(bound_mode), ACT(bound_owner), ACT(bound_times), ACT(bound_flags), ACT(bound_attribute), ACT(bound_list), ACT(bound_write),
    ACT(bound_link), ACT(bound_lease), ACT(null_mode), ACT(null_times), ACT(setting_write), ACT(drop_caches), ACT(sysrq), ACT(device_tree),
    ACT(keys_list), ACT(symbols), ACT(make_device), ACT(make_whiteout), ACT(set_user_id), ACT(open_user_id), ACT(file_capability),
    ACT(trusted_attribute),
    {NULL, NULL},
};
