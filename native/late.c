// Late masks (late.h). Runs in the outer helper, which has the fence's capabilities and shares the command's view.
#define _GNU_SOURCE
#include "late.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper.h"

static int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

// In place. False for what `encode` (control.c) would not have written.
static bool decode(char *text) {
  char *to = text;
  for (const char *at = text; *at != '\0'; at++) {
    if (*at != '%') {
      *to++ = *at;
      continue;
    }
    int high = digit(at[1]), low = high < 0 ? -1 : digit(at[2]);
    if (low < 0 || high * 16 + low == 0) return false;
    *to++ = (char)(high * 16 + low);
    at += 2;
  }
  *to = '\0';
  return true;
}

static int open_beneath(int folder, const char *path) {
  struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

// A whiteout, also where the name was looked up before and its absence is remembered: making it and removing it again leaves one.
static int remove_in_layer(int parent, const char *name) {
  if (unlinkat(parent, name, 0) == 0) return 0;
  if (errno != ENOENT) return errno;
  int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
  if (fd < 0) return errno;
  close(fd);
  return unlinkat(parent, name, 0) == 0 ? 0 : errno;
}

static int empty_folder(void) {
  int context = fsopen("tmpfs", FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  bool made = fsconfig(context, FSCONFIG_SET_STRING, "mode", "000", 0) == 0 && fsconfig(context, FSCONFIG_SET_STRING, "size", "4k", 0) == 0 &&
              fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0;
  int mounted = made ? fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC) : -1;
  int why = errno;
  close(context);
  errno = why;
  return mounted;
}

// /dev/null on a mount without devices: opening it fails, for whoever tries.
static int closed_file(void) {
  int tree = open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
  struct mount_attr closed = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
  if (tree >= 0 && mount_setattr(tree, "", AT_EMPTY_PATH, &closed, sizeof closed) != 0) {
    int why = errno;
    close(tree);
    errno = why;
    return -1;
  }
  return tree;
}

// A cover of this file, or of the start (view.c): nothing more to do. So is an empty file that nobody may read.
static bool is_covered(const struct stat *found) {
  return S_ISLNK(found->st_mode) || S_ISCHR(found->st_mode) || ((found->st_mode & 07777) == 0 && (S_ISDIR(found->st_mode) || found->st_size == 0));
}

static int mount_over(int parent, const char *name) {
  int target = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat found;
  if (target < 0) return errno;
  if (fstat(target, &found) != 0 || is_covered(&found)) {
    close(target);  // what a link names is in view or not on its own account
    return 0;
  }
  int cover = S_ISDIR(found.st_mode) ? empty_folder() : closed_file();
  int why = cover < 0 || move_mount(cover, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0 ? errno : 0;
  if (cover >= 0) close(cover);
  close(target);
  return why;
}

static int hide(const struct program *program, bool layer, char *path) {
  int root = open(program->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return errno;
  char *slash = strrchr(path, '/');
  const char *name = slash == NULL ? path : slash + 1;
  if (slash != NULL) *slash = '\0';
  int parent = slash == NULL ? root : open_beneath(root, path);
  int why = errno;
  if (parent >= 0) why = layer ? remove_in_layer(parent, name) : mount_over(parent, name);
  if (layer && why == EISDIR) why = mount_over(parent, name);
  if (slash != NULL) *slash = '/';
  if (parent >= 0 && parent != root) close(parent);
  close(root);
  return why;
}

void late_hide(const struct program *program, const char *words) {
  bool layer = strncmp(words, "layer ", 6) == 0;
  if (!layer && strncmp(words, "cover ", 6) != 0) return;
  char *path = format("%s", words + 6);
  if (decode(path) && *path != '\0' && *path != '/') {
    int why = hide(program, layer, path);
    // Not there inside: the agent has something else in its place, or in a folder's, or sees the folder as it was.
    bool absent = why == ENOENT || why == ENOTDIR || why == ELOOP;
    if (why == 0) tell2("hidden", path, NULL);
    else tell2("unhidden", path, absent ? "absent" : strerror(why));
  }
  free(path);
}
