// Sockets and pipes of the host, out of reach (still.h).
#define _GNU_SOURCE
#include "still.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "helper.h"
#include "view.h"

static int cover_endpoint(const char *path, const struct stat *found, int type, struct FTW *where) {
  (void)type;
  (void)where;
  if (S_ISSOCK(found->st_mode) || S_ISFIFO(found->st_mode)) cover(path);
  return 0;
}

void cover_endpoints(const char *path) {
  // Folders that cannot be read are passed over: inside, they cannot be read either.
  if (nftw(path, cover_endpoint, 16, FTW_PHYS) != 0 && errno != ENOENT) fail("endpoints", path);
}

void make_still(const char *path, const char *empty) {
  struct stat found;
  if (stat(path, &found) != 0) fail("still", path);
  if (!S_ISDIR(found.st_mode)) return;
  char *lower = escaped(path);
  char *options = format("lowerdir=%s:%s,userxattr", lower, empty);
  if (mount("overlay", path, "overlay", MS_NOSUID | MS_NODEV | MS_RDONLY, options) != 0) {
    // The kernel copies no mount that has others locked below it (mount_namespaces(7)).
    if (errno != EINVAL) fail("still", path);
    cover_endpoints(path);
  }
  free(lower);
  free(options);
}
