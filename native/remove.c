// Tree removal by descriptors (remove.h). Iterative and with at most two folders open: the way up is `..`, checked against
// the folder we came from, so that neither depth nor path length nor a folder moved meanwhile can lead it astray.
#define _GNU_SOURCE
#include "remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper.h"

struct level {
  dev_t device;
  ino_t inode;
  char name[256];  // of the folder, in its parent
};

static int complain(const char *what) {
  fprintf(stderr, "ringfence-helper: cannot remove `%s`: %s\n", what, strerror(errno));
  return 1;
}

// Opens a folder below PARENT without following a link, giving it the bits that emptying needs.
static int open_folder(int parent, const char *name) {
  int handle = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (handle < 0) return -1;
  struct stat found;
  if (fstat(handle, &found) == 0 && (found.st_mode & 0700) != 0700) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", handle);
    chmod(path, 0700);
  }
  int folder = openat(handle, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int cause = errno;
  close(handle);
  errno = cause;
  return folder;
}

// Empties FOLDER of everything but folders. Returns 1 with the first folder's name, 0 when it is empty, -1 on error.
static int empty_files(int folder, char *first) {
  int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = copy < 0 ? NULL : fdopendir(copy);
  if (list == NULL) return -1;
  int result = 0;
  for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (unlinkat(folder, entry->d_name, 0) == 0 || errno == ENOENT) continue;
    if (errno != EISDIR && errno != EPERM) {
      result = -1;
      break;
    }
    if (unlinkat(folder, entry->d_name, AT_REMOVEDIR) == 0) continue;
    snprintf(first, 256, "%s", entry->d_name);
    result = 1;
    break;
  }
  int cause = errno;
  closedir(list);
  errno = cause;
  return result;
}

static int remove_below(int top, dev_t device, const char *path) {
  struct level *levels = NULL;
  size_t depth = 0, room = 0;
  int folder = top;
  for (;;) {
    char name[256];
    int what = empty_files(folder, name);
    if (what < 0) return complain(path);
    if (what == 1) {
      int next = open_folder(folder, name);
      struct stat here, there;
      if (next < 0 || fstat(folder, &here) != 0 || fstat(next, &there) != 0) return complain(name);
      if (there.st_dev != device) {
        errno = EXDEV;
        return complain(name);
      }
      if (depth == room) {
        room = room == 0 ? 64 : room * 2;
        levels = realloc(levels, room * sizeof *levels);
        if (levels == NULL) return complain(path);
      }
      levels[depth] = (struct level){here.st_dev, here.st_ino, ""};
      memcpy(levels[depth++].name, name, sizeof name);
      close(folder);
      folder = next;
      continue;
    }
    if (depth == 0) break;
    int parent = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct level *level = &levels[--depth];
    struct stat above;
    if (parent < 0 || fstat(parent, &above) != 0) return complain(level->name);
    if (above.st_dev != level->device || above.st_ino != level->inode) {
      errno = EBUSY;  // moved under our hands
      return complain(level->name);
    }
    close(folder);
    folder = parent;
    if (unlinkat(folder, level->name, AT_REMOVEDIR) != 0 && errno != ENOENT) return complain(level->name);
  }
  free(levels);
  close(folder);
  return 0;
}

int run_remove(const char *path) {
  struct stat found;
  if (lstat(path, &found) != 0) return errno == ENOENT ? 0 : complain(path);
  if (!S_ISDIR(found.st_mode)) return unlink(path) == 0 ? 0 : complain(path);
  int top = open_folder(AT_FDCWD, path);
  if (top < 0) return complain(path);
  int result = remove_below(top, found.st_dev, path);
  if (result == 0 && rmdir(path) != 0 && errno != ENOENT) return complain(path);
  return result;
}
