// The view's steps (view.h). Mount calls work because bubblewrap left this process the capabilities of the fence's own
// user namespace; on hosts where a security module takes them away, the first mount fails with EPERM and so do we.
#define _GNU_SOURCE
#include "view.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "helper.h"
#include "root.h"
#include "still.h"

static void make_folder(const char *path, mode_t mode) {
  if (mkdir(path, mode) != 0 && errno != EEXIST) fail("mkdir", path);
}

// mkdir -p of everything above PATH. Only ever in places that bubblewrap made writable for us.
static void make_parents(const char *path) {
  char *copy = format("%s", path);
  for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    make_folder(copy, 0755);
    *slash = '/';
  }
  free(copy);
}

static void bind(const char *source, const char *target) {
  if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) != 0) fail("bind", target);
}

// Flags that the host locked must be named again, or the kernel refuses the remount.
void read_only(const char *target, unsigned long more) {
  struct statvfs now;
  if (statvfs(target, &now) != 0) fail("statvfs", target);
  unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | more;
  if (now.f_flag & ST_NOSUID) flags |= MS_NOSUID;
  if (now.f_flag & ST_NODEV) flags |= MS_NODEV;
  if (now.f_flag & ST_NOEXEC) flags |= MS_NOEXEC;
  if (mount(NULL, target, NULL, flags, NULL) != 0) fail("read-only", target);
}

void make_dev(void) {
  static const char *const nodes[] = {"null", "zero", "full", "random", "urandom", "tty"};
  static const char *const links[][2] = {{"/proc/self/fd", "/dev/fd"},
                                         {"/proc/self/fd/0", "/dev/stdin"},
                                         {"/proc/self/fd/1", "/dev/stdout"},
                                         {"/proc/self/fd/2", "/dev/stderr"},
                                         {"pts/ptmx", "/dev/ptmx"}};
  // A root caller is still the owner of the host's device inodes: without this, chmod(/dev/null) would reach the host.
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
    char *path = format("/dev/%s", nodes[i]);
    read_only(path, MS_NOSUID | MS_NOEXEC);
    free(path);
  }
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
    if (symlink(links[i][0], links[i][1]) != 0) fail("symlink", links[i][1]);
  }
  make_folder("/dev/pts", 0755);
  if (mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620") != 0) {
    fail("devpts", "/dev/pts");
  }
  make_folder("/dev/shm", 01777);
  if (mount("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=50%") != 0) fail("tmpfs", "/dev/shm");
}

// A generated file, laid read-only over TARGET so that the command can neither change nor replace it.
static void make_file(const struct record *step, size_t number) {
  const char *target = step->strings[1].bytes;
  char *staged = format(STAGING "/files/%zu", number);
  int fd = open(staged, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
  if (fd < 0 || !write_all(fd, step->strings[2].bytes, step->strings[2].length)) fail("file", target);
  close(fd);
  struct stat found;
  if (lstat(target, &found) == 0 && S_ISLNK(found.st_mode) && stat(target, &found) != 0) {
    free(staged);  // a link to nowhere shows nothing that would need covering
    return;
  }
  if (stat(target, &found) != 0) {
    make_parents(target);
    fd = open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
    if (fd < 0) fail("file", target);
    close(fd);
  }
  bind(staged, target);
  read_only(target, MS_NOSUID | MS_NODEV);
  free(staged);
}

// A whiteout (character device 0:0, which needs no capability) in the mask layer; its parents look like the lower ones,
// because in a merged folder the topmost layer's mode and times are the ones that are seen.
static void make_whiteout(const char *relative) {
  char *copy = format("%s", relative);
  int mask = open(STAGING "/mask", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int lower = open(STAGING "/lower", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (mask < 0 || lower < 0) fail("whiteout", relative);
  for (char *slash = strchr(copy, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    struct stat like;
    if (fstatat(lower, copy, &like, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(like.st_mode)) fail("whiteout", relative);
    if (mkdirat(mask, copy, 0700) != 0 && errno != EEXIST) fail("whiteout", relative);
    struct timespec times[2] = {like.st_atim, like.st_mtim};
    if (fchmodat(mask, copy, like.st_mode & 0777, 0) != 0) fail("whiteout", relative);
    (void)utimensat(mask, copy, times, 0);  // cosmetic
    *slash = '/';
  }
  if (mknodat(mask, copy, S_IFCHR, makedev(0, 0)) != 0 && errno != EEXIST) fail("whiteout", relative);
  close(mask);
  close(lower);
  free(copy);
}

// `:` separates lower layers, `,` options, `\` escapes.
char *escaped(const char *path) {
  char *text = need_memory(2 * strlen(path) + 1), *to = text;
  for (; *path != '\0'; path++) {
    if (strchr(":,\\", *path) != NULL) *to++ = '\\';
    *to++ = *path;
  }
  return text;
}

// overlay LOWER MASK UPPER WORK TARGET, all but the target below the staging folder; MASK may be empty.
static void make_overlay(const struct record *step) {
  const char *target = step->strings[5].bytes;
  const char *lower = step->strings[1].bytes, *mask = step->strings[2].bytes, *upper = step->strings[3].bytes;
  struct stat like;
  if (stat(lower, &like) != 0 || chmod(upper, like.st_mode & 07777 & ~(mode_t)06000) != 0) fail("overlay", upper);
  char *up = escaped(upper), *work = escaped(step->strings[4].bytes);
  char *options = format("lowerdir=%s%s%s,upperdir=%s,workdir=%s,userxattr", mask, *mask == '\0' ? "" : ":", lower, up, work);
  if (mount("overlay", target, "overlay", MS_NOSUID | MS_NODEV, options) != 0) fail("overlay", target);
  free(up);
  free(work);
  free(options);
}

// Nothing can be read there: an empty object without any permission bit, on a read-only mount so that none can be added.
void cover(const char *path) {
  struct stat found;
  if (lstat(path, &found) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return;  // gone since the plan was made: nothing to hide
    fail("cover", path);
  }
  if (S_ISLNK(found.st_mode)) return;  // what it points to is in view or not on its own account
  bind(S_ISDIR(found.st_mode) ? STAGING "/void" : STAGING "/none", path);
  read_only(path, MS_NOSUID | MS_NODEV | MS_NOEXEC);
}

static void protect(const char *path) {
  struct stat found;
  if (lstat(path, &found) != 0 || S_ISLNK(found.st_mode)) return;  // the guard answers for names that are not there
  bind(path, path);
  read_only(path, MS_NOSUID | MS_NODEV);
}

// Unmounts and removes the staging folder: the session's own folders must not be reachable by any path inside.
static void leave_staging(void) {
  static const char *const mounted[] = {"helper", "lower", "mask", "repository", "session"};
  for (size_t i = 0; i < sizeof mounted / sizeof *mounted; i++) {
    char *path = format(STAGING "/%s", mounted[i]);
    if (umount2(path, MNT_DETACH) != 0 && errno != EINVAL && errno != ENOENT) fail("unmount", path);
    free(path);
  }
  if (umount2(STAGING, MNT_DETACH) != 0) fail("unmount", STAGING);
  if (rmdir(STAGING) != 0) fail("rmdir", STAGING);
}

void make_view(const struct program *program) {
  if (chdir("/") != 0) fail("chdir", "/");
  mode_t before = umask(0);
  make_folder(STAGING "/files", 0755);
  make_folder(STAGING "/void", 0000);
  make_folder(STAGING "/bare", 0755);
  if (mknod(STAGING "/none", S_IFREG, 0) != 0) fail("mknod", STAGING);
  for (size_t i = 0; i < program->step_count; i++) {
    const struct record *step = &program->steps[i];
    const char *word = step->strings[0].bytes, *first = step->strings[1].bytes;
    if (is_root_step(step)) continue;
    if (strcmp(word, "file") == 0) make_file(step, i);
    else if (strcmp(word, "whiteout") == 0) make_whiteout(first);
    else if (strcmp(word, "overlay") == 0) make_overlay(step);
    else if (strcmp(word, "still") == 0) make_still(first, STAGING "/bare");
    else if (strcmp(word, "endpoints") == 0) cover_endpoints(first);
    else if (strcmp(word, "cover") == 0) cover(first);
    else protect(first);
  }
  leave_staging();
  umask(before);
}

// What programs need of the kernel's own files; all of it read-only. Everything else in /proc that is not a process is covered.
static bool is_shown(const char *name) {
  static const char *const shown[] = {"cgroups", "cpuinfo", "devices", "diskstats", "filesystems", "loadavg", "meminfo",
                                      "misc", "pressure", "stat", "swaps", "sys", "uptime", "version", "vmstat", "zoneinfo"};
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    if (strcmp(name, shown[i]) == 0) return true;
  }
  return false;
}

int make_proc(void) {
  // The fresh /proc must be made while bubblewrap's own is still in full view (the kernel's rule for user namespaces).
  make_folder("/.proc", 0755);
  if (mount("proc", "/.proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) fail("proc", "/proc");
  if (umount2("/proc", MNT_DETACH) != 0) fail("proc", "/proc");
  if (mount("/.proc", "/proc", NULL, MS_MOVE, NULL) != 0) fail("proc", "/proc");
  if (rmdir("/.proc") != 0) fail("rmdir", "/.proc");
  int settings = open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (settings < 0) fail("proc", "/proc/sys");

  // The covers live on a small tmpfs of their own, which is unmounted by path afterwards; the binds keep it.
  make_folder("/.cover", 0755);
  if (mount("cover", "/.cover", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,nr_inodes=8,mode=755") != 0) fail("tmpfs", "cover");
  make_folder("/.cover/folder", 0555);
  if (mknod("/.cover/file", S_IFREG | 0444, 0) != 0) fail("mknod", "cover");
  read_only("/.cover", 0);

  DIR *folder = opendir("/proc");
  if (folder == NULL) fail("proc", "/proc");
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] == '.' || (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') || entry->d_type == DT_LNK) continue;
    char *path = format("/proc/%s", entry->d_name);
    if (is_shown(entry->d_name)) {
      // Read-only also where the mode is 0444: the owner of the inode is the host's root, and that may be the caller.
      bind(path, path);
      read_only(path, MS_NOSUID | MS_NODEV | MS_NOEXEC);
    } else {
      bind(entry->d_type == DT_DIR ? "/.cover/folder" : "/.cover/file", path);
    }
    free(path);
  }
  closedir(folder);
  if (umount2("/.cover", MNT_DETACH) != 0 || rmdir("/.cover") != 0) fail("unmount", "cover");
  return settings;
}

void seal_view(void) {
  read_only("/dev", MS_NOSUID | MS_NOEXEC);
  read_only("/", MS_NOSUID | MS_NODEV);
}
