// Rules and domain (landlock.h). The header files of older systems lack most of these numbers, so they stand here.
#define _GNU_SOURCE
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

enum { VERSION_FLAG = 1, PATH_BENEATH = 1, OLDEST = 2 };

// LANDLOCK_ACCESS_FS_*
enum {
  EXECUTE = 1 << 0,
  WRITE_FILE = 1 << 1,
  READ_FILE = 1 << 2,
  READ_DIR = 1 << 3,
  MAKE_CHAR = 1 << 6,
  MAKE_BLOCK = 1 << 11,
  REFER = 1 << 13,
  TRUNCATE = 1 << 14,   // version 3
  IOCTL_DEV = 1 << 15,  // version 5
  ALL = (1 << 16) - 1,
  OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV,
  READ = READ_FILE | EXECUTE,
  WRITE = ALL & ~(MAKE_CHAR | MAKE_BLOCK | IOCTL_DEV),
  DEVICE = READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV,
};

// LANDLOCK_SCOPE_*, version 6: abstract sockets and signals stay among the members.
enum { SCOPES = 3, SCOPES_SINCE = 6 };

struct ruleset {
  uint64_t files, network, scopes;
};

struct beneath {
  uint64_t allowed;
  int32_t folder;
} __attribute__((packed));

int landlock_version(void) {
  long version = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
  return version < OLDEST ? 0 : (int)version;
}

int run_landlock(void) {
  int version = landlock_version();
  printf("%d\n", version);
  return version > 0 ? 0 : 1;
}

static uint64_t handled(int version) {
  return ALL & ~(version < 3 ? TRUNCATE : 0) & ~(version < 5 ? IOCTL_DEV : 0);
}

// A link is not followed where writing is allowed: it must not choose the place.
static void allow(int rules, const char *path, uint64_t access, int follow) {
  struct stat found;
  struct beneath rule = {access, open(path, O_PATH | O_CLOEXEC | follow)};
  if (rule.folder < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return;
  if (rule.folder < 0 || fstat(rule.folder, &found) != 0) fail("landlock", path);
  if (!S_ISDIR(found.st_mode)) rule.allowed &= OF_FILES;
  if (rule.allowed != 0 && syscall(SYS_landlock_add_rule, rules, PATH_BENEATH, &rule, 0) != 0) fail("landlock", path);
  close(rule.folder);
}

static void allow_all(int rules, const struct list *paths, uint64_t access, int follow) {
  for (size_t i = 0; i < paths->count; i++) allow(rules, paths->items[i], access, follow);
}

int landlock_rules(const struct program *p) {
  static char *devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/pts"};
  int version = landlock_version();
  if (version == 0) {
    errno = ENOSYS;
    if (p->landlock_required) fail("landlock", "the policy requires it");
    return -1;
  }
  uint64_t can = handled(version);
  // Ports are not handled: rules of ports cannot tell loopback from elsewhere, and only loopback exists in the fence's network.
  struct ruleset set = {.files = can, .scopes = version < SCOPES_SINCE ? 0 : SCOPES};
  int rules = (int)syscall(SYS_landlock_create_ruleset, &set, sizeof set, 0);
  if (rules < 0) fail("landlock", "rules");
  // Names may be listed wherever the view has any; what files hold only below what the plan shows. Nothing below /proc is ever written.
  allow(rules, "/", READ_DIR, 0);
  allow(rules, "/proc", READ & can, 0);
  allow_all(rules, &p->readable, READ & can, 0);
  allow_all(rules, &p->writable, WRITE & can, O_NOFOLLOW);
  allow(rules, "/dev/shm", WRITE & can, O_NOFOLLOW);
  allow_all(rules, &(struct list){devices, sizeof devices / sizeof *devices}, DEVICE & can, O_NOFOLLOW);
  return rules;
}

void landlock_enter(int rules) {
  if (rules < 0) return;
  if (syscall(SYS_landlock_restrict_self, rules, 0) != 0) fail("landlock", "the kernel refused the rules");
  close(rules);
}
