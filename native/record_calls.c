// The calls that the recorder looks at, each with what it means (record_look.h). Flags and addresses are read once; what the kernel reads
// later is its own copy.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "record_look.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif
#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)

static int as_int(uint64_t value) { return (int)(uint32_t)value; }

int look_text(struct look *look, uint64_t address, char text[PATH_MAX]) {
  errno = 0;
  int failure = caller_string(&look->caller, address, text);
  return failure == EFAULT && errno == EPERM ? EPERM : failure;
}

// A path of the caller and what it leads to. EPERM is no answer to the caller: it is told without a name.
static int look_path(struct look *look, int dirfd, uint64_t address, bool follow, char *raw, struct seen_place *place) {
  int failure = look_text(look, address, raw);
  if (failure == EPERM) {
    *place = (struct seen_place){.error = EPERM};
    return 0;
  }
  if (failure == 0) place_look(&look->caller, dirfd, raw, follow, place);
  return failure;
}

enum wants { WANTS_NOTHING, WANTS_PRESENT, WANTS_ABSENT };

// What stands against the call, as far as one look tells.
static void expect(struct look *look, const struct seen_place *place, enum wants wants) {
  if (place->error != 0) look->error = place->error;
  else if (wants == WANTS_PRESENT && !place->exists) look->error = ENOENT;
  else if (wants == WANTS_ABSENT && place->exists) look->error = EEXIST;
}

static int change(struct look *look, const char *word, int dirfd, int path, bool follow, enum wants wants) {
  look->kind = LOOK_WRITE;
  look->word = word;
  int failure = look_path(look, dirfd, look->args[path], follow, look->raw, &look->first);
  if (failure == 0) expect(look, &look->first, wants);
  return failure;
}

// ---- opening

static int opening(struct look *look, int dirfd, int path, int flags) {
  bool exclusive = (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0;
  bool unnamed = (flags & TMPFILE_BIT) != 0, makes = (flags & O_CREAT) != 0 && !unnamed;
  bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0;
  enum wants wants = exclusive && !unnamed ? WANTS_ABSENT : makes ? WANTS_NOTHING : WANTS_PRESENT;
  int failure = change(look, "write", dirfd, path, !exclusive && (flags & O_NOFOLLOW) == 0, wants);
  if (!writes) look->kind = LOOK_READ;
  else if (unnamed || (makes && !look->first.exists)) look->word = "create";
  return failure;
}

static int look_openat(struct look *look) { return opening(look, as_int(look->args[0]), 1, as_int(look->args[2])); }
#ifdef SYS_open
static int look_open(struct look *look) { return opening(look, AT_FDCWD, 0, as_int(look->args[1])); }
static int look_creat(struct look *look) { return opening(look, AT_FDCWD, 0, O_CREAT | O_WRONLY | O_TRUNC); }
#endif

// ---- one name

static int look_mkdirat(struct look *look) { return change(look, "mkdir", as_int(look->args[0]), 1, false, WANTS_ABSENT); }
static int look_mknodat(struct look *look) { return change(look, "mknod", as_int(look->args[0]), 1, false, WANTS_ABSENT); }
static int look_unlinkat(struct look *look) {
  const char *word = (as_int(look->args[2]) & AT_REMOVEDIR) != 0 ? "rmdir" : "delete";
  return change(look, word, as_int(look->args[0]), 1, false, WANTS_PRESENT);
}
static int look_fchmodat(struct look *look) { return change(look, "chmod", as_int(look->args[0]), 1, true, WANTS_PRESENT); }
static int look_fchmodat2(struct look *look) {
  int flags = as_int(look->args[3]);
  bool follow = (flags & AT_SYMLINK_NOFOLLOW) == 0;
  int failure = change(look, "chmod", as_int(look->args[0]), 1, follow, WANTS_PRESENT);
  if (failure != 0 || look->raw[0] != 0 || (flags & AT_EMPTY_PATH) == 0) return failure;
  place_of_descriptor(&look->caller, as_int(look->args[0]), &look->first);
  look->error = look->first.error;
  return 0;
}
static int look_truncate(struct look *look) { return change(look, "truncate", AT_FDCWD, 0, true, WANTS_PRESENT); }
static int look_setxattr(struct look *look) { return change(look, "setxattr", AT_FDCWD, 0, true, WANTS_PRESENT); }
static int look_lsetxattr(struct look *look) { return change(look, "setxattr", AT_FDCWD, 0, false, WANTS_PRESENT); }
#ifdef SYS_open
static int look_mkdir(struct look *look) { return change(look, "mkdir", AT_FDCWD, 0, false, WANTS_ABSENT); }
static int look_mknod(struct look *look) { return change(look, "mknod", AT_FDCWD, 0, false, WANTS_ABSENT); }
static int look_unlink(struct look *look) { return change(look, "delete", AT_FDCWD, 0, false, WANTS_PRESENT); }
static int look_rmdir(struct look *look) { return change(look, "rmdir", AT_FDCWD, 0, false, WANTS_PRESENT); }
static int look_chmod(struct look *look) { return change(look, "chmod", AT_FDCWD, 0, true, WANTS_PRESENT); }
#endif

static int by_descriptor(struct look *look, const char *word) {
  look->kind = LOOK_WRITE;
  look->word = word;
  place_of_descriptor(&look->caller, as_int(look->args[0]), &look->first);
  look->error = look->first.error;
  return 0;
}
static int look_fchmod(struct look *look) { return by_descriptor(look, "chmod"); }
static int look_fsetxattr(struct look *look) { return by_descriptor(look, "setxattr"); }

// ---- two names

static int renaming(struct look *look, int from_dir, int from, int to_dir, int to, int flags) {
  int failure = change(look, (flags & RENAME_EXCHANGE) != 0 ? "exchange" : "rename", from_dir, from, false, WANTS_PRESENT);
  if (failure != 0) return failure;
  look->two = true;
  return look_path(look, to_dir, look->args[to], false, look->raw_second, &look->second);
}
static int look_renameat(struct look *look) { return renaming(look, as_int(look->args[0]), 1, as_int(look->args[2]), 3, 0); }
static int look_renameat2(struct look *look) {
  return renaming(look, as_int(look->args[0]), 1, as_int(look->args[2]), 3, as_int(look->args[4]));
}

static int linking(struct look *look, int from_dir, int from, int to_dir, int to, int flags) {
  int failure = change(look, "link", from_dir, from, (flags & AT_SYMLINK_FOLLOW) != 0, WANTS_PRESENT);
  if (failure != 0) return failure;
  if (look->raw[0] == 0 && (flags & AT_EMPTY_PATH) != 0) {
    place_of_descriptor(&look->caller, from_dir, &look->first);
    look->error = look->first.error;
  }
  look->two = true;
  failure = look_path(look, to_dir, look->args[to], false, look->raw_second, &look->second);
  if (failure == 0 && look->error == 0) expect(look, &look->second, WANTS_ABSENT);
  return failure;
}
static int look_linkat(struct look *look) {
  return linking(look, as_int(look->args[0]), 1, as_int(look->args[2]), 3, as_int(look->args[4]));
}

// The name that is made comes first, then what it will say.
static int symlinking(struct look *look, int text, int dirfd, int path) {
  int failure = change(look, "symlink", dirfd, path, false, WANTS_ABSENT);
  if (failure != 0) return failure;
  look->two = true;
  failure = look_text(look, look->args[text], look->raw_second);
  if (failure == EPERM) look->raw_second[0] = 0, failure = 0;
  if (failure == 0) snprintf(look->second.path, sizeof look->second.path, "%s", look->raw_second);
  return failure;
}
static int look_symlinkat(struct look *look) { return symlinking(look, 0, as_int(look->args[1]), 2); }
#ifdef SYS_open
static int look_rename(struct look *look) { return renaming(look, AT_FDCWD, 0, AT_FDCWD, 1, 0); }
static int look_link(struct look *look) { return linking(look, AT_FDCWD, 0, AT_FDCWD, 1, 0); }
static int look_symlink(struct look *look) { return symlinking(look, 0, AT_FDCWD, 1); }
#endif

// ---- programs

static int look_execve(struct look *look) { return look_at_exec(look, AT_FDCWD, 0, 1, 0); }
static int look_execveat(struct look *look) { return look_at_exec(look, as_int(look->args[0]), 1, 2, as_int(look->args[4])); }

// ---- sockets

static int addressed(struct look *look, const char *word, uint64_t address, int size) {
  look->kind = LOOK_NOTHING;
  if (size < (int)sizeof(sa_family_t) || size > (int)sizeof look->address) return 0;  // the kernel refuses it
  memset(&look->address, 0, sizeof look->address);
  errno = 0;
  if (caller_bytes(&look->caller, address, &look->address, (size_t)size) != 0) {
    if (errno != EPERM) return EFAULT;
    size = 0;
  }
  look->kind = LOOK_SOCKET;
  look->word = word;
  look->address_size = (socklen_t)size;
  const struct sockaddr_un *local = (const struct sockaddr_un *)(const void *)&look->address;
  int path_at = (int)offsetof(struct sockaddr_un, sun_path);
  if (local->sun_family != AF_UNIX || size <= path_at || local->sun_path[0] == 0) return 0;
  snprintf(look->raw, sizeof look->raw, "%.*s", size - path_at, local->sun_path);
  bool makes = word[0] == 'b';
  place_look(&look->caller, AT_FDCWD, look->raw, !makes, &look->first);
  expect(look, &look->first, makes ? WANTS_ABSENT : WANTS_PRESENT);
  if (makes && look->error == EEXIST) look->error = EADDRINUSE;
  return 0;
}
static int look_connect(struct look *look) { return addressed(look, "connect", look->args[1], as_int(look->args[2])); }
static int look_bind(struct look *look) { return addressed(look, "bind", look->args[1], as_int(look->args[2])); }
static int look_sendto(struct look *look) { return addressed(look, "send", look->args[4], as_int(look->args[5])); }

// A connection made by its first data: the address stands in the message header.
static int look_sendmsg(struct look *look) {
  struct msghdr header;
  errno = 0;
  if (caller_bytes(&look->caller, look->args[1], &header, sizeof header) != 0) return errno == EPERM ? 0 : EFAULT;
  return header.msg_name == NULL ? 0 : addressed(look, "send", (uint64_t)(uintptr_t)header.msg_name, (int)header.msg_namelen);
}

const struct look_call look_calls[] = {
    {SYS_openat, TRAP_OPEN_FLAGS, 2, look_openat},
    {SYS_execve, TRAP_ALWAYS, 0, look_execve},
    {SYS_execveat, TRAP_ALWAYS, 0, look_execveat},
    {SYS_connect, TRAP_ALWAYS, 0, look_connect},
    {SYS_bind, TRAP_ALWAYS, 0, look_bind},
    {SYS_sendto, TRAP_ADDRESS, 4, look_sendto},
    {SYS_sendmsg, TRAP_FAST_OPEN, 2, look_sendmsg},
    {SYS_sendmmsg, TRAP_FAST_OPEN, 3, look_sendmsg},
    {SYS_unlinkat, TRAP_ALWAYS, 0, look_unlinkat},
    {SYS_mkdirat, TRAP_ALWAYS, 0, look_mkdirat},
    {SYS_mknodat, TRAP_ALWAYS, 0, look_mknodat},
    {SYS_symlinkat, TRAP_ALWAYS, 0, look_symlinkat},
    {SYS_linkat, TRAP_ALWAYS, 0, look_linkat},
#ifdef SYS_renameat
    {SYS_renameat, TRAP_ALWAYS, 0, look_renameat},
#endif
    {SYS_renameat2, TRAP_ALWAYS, 0, look_renameat2},
    {SYS_fchmodat, TRAP_ALWAYS, 0, look_fchmodat},
    {SYS_fchmodat2, TRAP_ALWAYS, 0, look_fchmodat2},
    {SYS_fchmod, TRAP_ALWAYS, 0, look_fchmod},
    {SYS_truncate, TRAP_ALWAYS, 0, look_truncate},
    {SYS_setxattr, TRAP_ALWAYS, 0, look_setxattr},
    {SYS_removexattr, TRAP_ALWAYS, 0, look_setxattr},
    {SYS_lsetxattr, TRAP_ALWAYS, 0, look_lsetxattr},
    {SYS_lremovexattr, TRAP_ALWAYS, 0, look_lsetxattr},
    {SYS_fsetxattr, TRAP_ALWAYS, 0, look_fsetxattr},
    {SYS_fremovexattr, TRAP_ALWAYS, 0, look_fsetxattr},
#ifdef SYS_open
    {SYS_open, TRAP_OPEN_FLAGS, 1, look_open},
    {SYS_creat, TRAP_ALWAYS, 0, look_creat},
    {SYS_mkdir, TRAP_ALWAYS, 0, look_mkdir},
    {SYS_mknod, TRAP_ALWAYS, 0, look_mknod},
    {SYS_unlink, TRAP_ALWAYS, 0, look_unlink},
    {SYS_rmdir, TRAP_ALWAYS, 0, look_rmdir},
    {SYS_rename, TRAP_ALWAYS, 0, look_rename},
    {SYS_link, TRAP_ALWAYS, 0, look_link},
    {SYS_symlink, TRAP_ALWAYS, 0, look_symlink},
    {SYS_chmod, TRAP_ALWAYS, 0, look_chmod},
#endif
};
const size_t look_call_count = sizeof look_calls / sizeof look_calls[0];

int look_at(const struct recorder *recorder, int listener, const struct seccomp_notif *notice, struct look *look) {
  look->caller = (struct caller){.listener = listener, .id = notice->id, .proc_fd = recorder->proc_fd, .tid = (pid_t)notice->pid, .dir = -1};
  look->args = (const uint64_t *)notice->data.args;
  look->kind = LOOK_NOTHING;
  look->error = 0;
  look->two = look->met = false;
  look->raw[0] = look->raw_second[0] = 0;
  int answer = 0;
  for (size_t i = 0; i < look_call_count; i++) {
    if (look_calls[i].number != notice->data.nr) continue;
    answer = look_calls[i].look(look);
    break;
  }
  // Only now is it certain that all of this was the caller's and not a later holder's of its number.
  return caller_waits(&look->caller) ? answer : -1;
}
