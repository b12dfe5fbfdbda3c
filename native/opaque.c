// The mark of an opaque folder (opaque.h): Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories".
#define _GNU_SOURCE
#include "opaque.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tree.h"

int run_opaque(const char *path) {
  become_owner();
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return tree_complaint("cannot open", path), 1;
  bool marked = fsetxattr(folder, "user.overlay.opaque", "y", 1, 0) == 0 || tree_complaint("cannot mark", path);
  close(folder);
  return marked ? 0 : 1;
}
