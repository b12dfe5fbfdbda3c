// One handler for each trapped call. Each reads its strings once, walks, asks the rule, and acts by descriptor.
#define _GNU_SOURCE
#include "guard_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

static int as_int(uint64_t value) { return (int)(uint32_t)value; }

int job_paths(struct job *job, int first, int second) {
  int failure = caller_string(&job->caller, job->args[first], job->path);
  if (failure == 0 && second >= 0) failure = caller_string(&job->caller, job->args[second], job->second);
  // Only now is it certain that all of this was read from the caller and not from a later holder of its number.
  if (failure == 0 && !caller_waits(&job->caller)) failure = ESRCH;
  return failure;
}

bool job_refuses(struct job *job, const struct target *target, enum deed deed) {
  struct spot spot = place_of(&job->guard->places, target, job->place);
  if (!names_refuse(&spot, deed) && !place_shares_inode(&job->guard->places, target)) return false;
  job->refused = true;
  return true;
}

int job_keeps(struct job *job, const struct target *target) { return before_change(&job->guard->before, target, job->place); }

void job_use_umask(struct job *job) {
  long mask = caller_umask(&job->caller);
  // Without an answer nothing is granted that the caller might have withheld.
  umask(mask < 0 ? 0777 : (mode_t)mask);
}

static long answer(int result) { return result < 0 ? -errno : result; }

// The last component as the kernel has to see it: a slash at the end changes what may stand there.
static const char *last_name(const struct target *target, char text[NAME_MAX + 3]) {
  snprintf(text, NAME_MAX + 3, "%s%s", target->name, target->slash ? "/" : "");
  return text;
}

static enum deed deed_for(const struct target *target) {
  mode_t type = target->object < 0 ? 0 : target->stat.st_mode & S_IFMT;
  return type == S_IFDIR ? DEED_FOLDER : type == S_IFLNK ? DEED_LINK : DEED_FILE;
}

// ---- opening

static long call_openat(struct job *job) {
  int failure = job_paths(job, 1, -1);
  return failure != 0 ? -failure : opened(job, as_int(job->args[0]), as_int(job->args[2]), (unsigned)job->args[3]);
}

#ifdef SYS_open
static long call_open(struct job *job) {
  int failure = job_paths(job, 0, -1);
  return failure != 0 ? -failure : opened(job, AT_FDCWD, as_int(job->args[1]), (unsigned)job->args[2]);
}

static long call_creat(struct job *job) {
  int failure = job_paths(job, 0, -1);
  return failure != 0 ? -failure : opened(job, AT_FDCWD, O_CREAT | O_WRONLY | O_TRUNC, (unsigned)job->args[1]);
}
#endif

// ---- a new name

// How one name is made below a checked folder.
struct making {
  enum deed deed;
  int (*make)(const struct job *job, const struct making *how, int parent, const char *name);
  unsigned mode;
  uint64_t device;
};

static int make_folder(const struct job *job, const struct making *how, int parent, const char *name) {
  (void)job;
  return mkdirat(parent, name, (mode_t)how->mode);
}

static int make_node(const struct job *job, const struct making *how, int parent, const char *name) {
  (void)job;
  return mknodat(parent, name, (mode_t)how->mode, (dev_t)how->device);
}

static int make_link(const struct job *job, const struct making *how, int parent, const char *name) {
  (void)how;
  return symlinkat(job->second, parent, name);
}

static long make_name(struct job *job, int dirfd, const struct making *making) {
  struct target target;
  char name[NAME_MAX + 3];
  pthread_rwlock_rdlock(&job->guard->names_lock);
  int failure = walk(&job->caller, dirfd, job->path, LAST_NAME, &target);
  long result = -failure;
  if (failure == 0 && target.object >= 0) {
    result = -EEXIST;
  } else if (failure == 0 && job_refuses(job, &target, making->deed)) {
    result = -EPERM;
  } else if (failure == 0 && (result = -job_keeps(job, &target)) == 0) {
    job_use_umask(job);
    result = answer(making->make(job, making, target.parent, last_name(&target, name)));
  }
  pthread_rwlock_unlock(&job->guard->names_lock);
  if (failure == 0) target_close(&target);
  return result;
}

static long make_at(struct job *job, int dirfd, int path, struct making making) {
  int failure = job_paths(job, path, -1);
  return failure != 0 ? -failure : make_name(job, dirfd, &making);
}

static long make_symlink(struct job *job, int target, int dirfd, int path) {
  int failure = job_paths(job, path, target);
  if (failure == 0 && job->second[0] == 0) failure = ENOENT;
  return failure != 0 ? -failure : make_name(job, dirfd, &(struct making){DEED_LINK, make_link, 0, 0});
}

static long call_mkdirat(struct job *job) {
  return make_at(job, as_int(job->args[0]), 1, (struct making){DEED_FOLDER, make_folder, (unsigned)job->args[2], 0});
}
static long call_mknodat(struct job *job) {
  return make_at(job, as_int(job->args[0]), 1, (struct making){DEED_FILE, make_node, (unsigned)job->args[2], job->args[3]});
}
static long call_symlinkat(struct job *job) { return make_symlink(job, 0, as_int(job->args[1]), 2); }
#ifdef SYS_open
static long call_mkdir(struct job *job) {
  return make_at(job, AT_FDCWD, 0, (struct making){DEED_FOLDER, make_folder, (unsigned)job->args[1], 0});
}
static long call_mknod(struct job *job) {
  return make_at(job, AT_FDCWD, 0, (struct making){DEED_FILE, make_node, (unsigned)job->args[1], job->args[2]});
}
static long call_symlink(struct job *job) { return make_symlink(job, 0, AT_FDCWD, 1); }
#endif

// ---- a name less

static long remove_name(struct job *job, int dirfd, int path, int flags) {
  struct target target;
  char name[NAME_MAX + 3];
  int failure = job_paths(job, path, -1);
  if (failure != 0) return -failure;
  pthread_rwlock_rdlock(&job->guard->names_lock);
  failure = walk(&job->caller, dirfd, job->path, LAST_NAME, &target);
  long result = -failure;
  if (failure == 0) {
    bool refused = target.object >= 0 && job_refuses(job, &target, deed_for(&target));
    int unkept = refused || target.object < 0 ? 0 : job_keeps(job, &target);
    result = refused ? -EPERM : unkept != 0 ? -unkept : answer(unlinkat(target.parent, last_name(&target, name), flags));
  }
  pthread_rwlock_unlock(&job->guard->names_lock);
  if (failure == 0) target_close(&target);
  return result;
}

static long call_unlinkat(struct job *job) { return remove_name(job, as_int(job->args[0]), 1, as_int(job->args[2])); }
#ifdef SYS_open
static long call_unlink(struct job *job) { return remove_name(job, AT_FDCWD, 0, 0); }
static long call_rmdir(struct job *job) { return remove_name(job, AT_FDCWD, 0, AT_REMOVEDIR); }
#endif

// ---- a name more

static long link_targets(struct job *job, const struct target *from, const struct target *to) {
  char name[NAME_MAX + 3];
  if (from->object < 0) return -ENOENT;
  if (to->object >= 0) return -EEXIST;
  if (S_ISDIR(from->stat.st_mode)) return -EPERM;
  if (from->slash) return -ENOTDIR;
  if (job_refuses(job, from, deed_for(from))) return -EPERM;
  // By its new name the file can be changed under the old one.
  int unkept = job_keeps(job, from);
  if (unkept != 0) return -unkept;
  if (job_refuses(job, to, deed_for(from))) return -EPERM;
  if ((unkept = job_keeps(job, to)) != 0) return -unkept;
  return answer(linkat(job->guard->proc_fd, fd_name(from->object).text, to->parent, last_name(to, name), AT_SYMLINK_FOLLOW));
}

static long link_names(struct job *job, int from_dir, int from_path, int to_dir, int to_path, int flags) {
  struct target from, to;
  int failure = job_paths(job, from_path, to_path);
  if (failure != 0) return -failure;
  if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
  pthread_rwlock_rdlock(&job->guard->names_lock);
  bool itself = job->path[0] == 0 && (flags & AT_EMPTY_PATH) != 0;
  failure = itself ? walk_descriptor(&job->caller, from_dir, &from)
                   : walk(&job->caller, from_dir, job->path, (flags & AT_SYMLINK_FOLLOW) != 0 ? LAST_FOLLOW : LAST_ITSELF, &from);
  long result = -failure;
  if (failure == 0) {
    failure = walk(&job->caller, to_dir, job->second, LAST_NAME, &to);
    result = failure != 0 ? -failure : link_targets(job, &from, &to);
    if (failure == 0) target_close(&to);
    target_close(&from);
  }
  pthread_rwlock_unlock(&job->guard->names_lock);
  return result;
}

static long call_linkat(struct job *job) {
  return link_names(job, as_int(job->args[0]), 1, as_int(job->args[2]), 3, as_int(job->args[4]));
}
#ifdef SYS_open
static long call_link(struct job *job) { return link_names(job, AT_FDCWD, 0, AT_FDCWD, 1, 0); }
#endif

// ---- a name elsewhere

// May what is at FROM come to stand at TO?
static bool move_refused(struct job *job, const struct target *from, const struct target *to) {
  const struct places *places = &job->guard->places;
  enum deed deed = deed_for(from);
  struct spot source = place_of(places, from, job->place);
  if (names_refuse(&source, deed)) return job->refused = true;
  struct spot goal = place_of(places, to, job->place);
  if (names_refuse(&goal, deed)) return job->refused = true;
  if (to->object >= 0 && names_refuse(&goal, deed_for(to))) return job->refused = true;
  if (deed == DEED_FOLDER && place_move_refused(places, from->object, &source, &goal)) return job->refused = true;
  return false;
}

static long rename_targets(struct job *job, const struct target *from, const struct target *to, unsigned flags) {
  char from_name[NAME_MAX + 3], to_name[NAME_MAX + 3];
  if (from->object < 0) return -ENOENT;
  if (from->parent < 0 || to->parent < 0) return -EXDEV;
  bool exchange = (flags & RENAME_EXCHANGE) != 0;
  if (exchange && to->object < 0) return -ENOENT;
  if (move_refused(job, from, to) || (exchange && move_refused(job, to, from))) return -EPERM;
  struct before *before = &job->guard->before;
  char from_place[PATH_MAX], to_place[PATH_MAX];
  struct before_move move = {.from = from, .to = to, .exchange = exchange, .from_place = from_place, .to_place = to_place};
  if (before->on) {
    place_of(&job->guard->places, from, from_place);
    place_of(&job->guard->places, to, to_place);
  }
  int unkept = before_move(before, &move);
  if (unkept != 0) return -unkept;
  long result = answer((int)syscall(SYS_renameat2, from->parent, last_name(from, from_name), to->parent, last_name(to, to_name), flags));
  if (result != 0) before_move_failed(before, &move);
  return result;
}

static long rename_names(struct job *job, int from_dir, int from_path, int to_dir, int to_path, unsigned flags) {
  struct target from, to;
  int failure = job_paths(job, from_path, to_path);
  if (failure != 0) return -failure;
  pthread_rwlock_wrlock(&job->guard->names_lock);
  failure = walk(&job->caller, from_dir, job->path, LAST_NAME, &from);
  long result = -failure;
  if (failure == 0) {
    failure = walk(&job->caller, to_dir, job->second, LAST_NAME, &to);
    result = failure != 0 ? -failure : rename_targets(job, &from, &to, flags);
    if (failure == 0) target_close(&to);
    target_close(&from);
  }
  pthread_rwlock_unlock(&job->guard->names_lock);
  return result;
}

static long call_renameat2(struct job *job) {
  return rename_names(job, as_int(job->args[0]), 1, as_int(job->args[2]), 3, (unsigned)job->args[4]);
}
#ifdef SYS_renameat
static long call_renameat(struct job *job) { return rename_names(job, as_int(job->args[0]), 1, as_int(job->args[2]), 3, 0); }
#endif
#ifdef SYS_open
static long call_rename(struct job *job) { return rename_names(job, AT_FDCWD, 0, AT_FDCWD, 1, 0); }
#endif

// ---- an existing file

static long set_mode(struct job *job, const struct target *target, unsigned mode) {
  if (job_refuses(job, target, deed_for(target))) return -EPERM;
  int unkept = before_mode(&job->guard->before, target, job->place);
  if (unkept != 0) return -unkept;
  return answer(fchmodat(job->guard->proc_fd, fd_name(target->object).text, mode, 0));
}

static long cut_file(struct job *job, const struct target *target, int64_t length) {
  struct rlimit limit;
  if (length < 0) return -EINVAL;
  if (S_ISDIR(target->stat.st_mode)) return -EISDIR;
  if (!S_ISREG(target->stat.st_mode)) return -EINVAL;
  if (job_refuses(job, target, DEED_FILE)) return -EPERM;
  int unkept = job_keeps(job, target);
  if (unkept != 0) return -unkept;
  if (prlimit(job->caller.tid, RLIMIT_FSIZE, NULL, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && (uint64_t)length > limit.rlim_cur) return -EFBIG;
  int fd = openat(job->guard->proc_fd, fd_name(target->object).text, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -errno;
  long result = answer(ftruncate(fd, length));
  close(fd);
  return result;
}

static long on_file(struct job *job, int dirfd, int path, long (*act)(struct job *, const struct target *, int64_t), int64_t value) {
  struct target target;
  int failure = job_paths(job, path, -1);
  if (failure != 0) return -failure;
  pthread_rwlock_rdlock(&job->guard->names_lock);
  failure = walk(&job->caller, dirfd, job->path, LAST_FOLLOW, &target);
  long result = -failure;
  if (failure == 0) {
    bool folder = target.object >= 0 && S_ISDIR(target.stat.st_mode);
    result = target.object < 0 ? -ENOENT : target.slash && !folder ? -ENOTDIR : act(job, &target, value);
    target_close(&target);
  }
  pthread_rwlock_unlock(&job->guard->names_lock);
  return result;
}

static long set_mode_value(struct job *job, const struct target *target, int64_t mode) { return set_mode(job, target, (unsigned)mode); }

static long call_fchmodat(struct job *job) {
  return on_file(job, as_int(job->args[0]), 1, set_mode_value, (int64_t)(uint32_t)job->args[2]);
}
#ifdef SYS_open
static long call_chmod(struct job *job) { return on_file(job, AT_FDCWD, 0, set_mode_value, (int64_t)(uint32_t)job->args[1]); }
#endif
static long call_truncate(struct job *job) { return on_file(job, AT_FDCWD, 0, cut_file, (int64_t)job->args[1]); }

static long call_fchmod(struct job *job) {
  struct target target;
  int failure = walk_descriptor(&job->caller, as_int(job->args[0]), &target);
  if (failure != 0) return -failure;
  pthread_rwlock_rdlock(&job->guard->names_lock);
  long result = caller_waits(&job->caller) ? set_mode(job, &target, (unsigned)job->args[1]) : -ESRCH;
  pthread_rwlock_unlock(&job->guard->names_lock);
  target_close(&target);
  return result;
}

const struct guard_call guard_calls[] = {
    {SYS_openat, "open", true, call_openat},
    {SYS_mkdirat, "mkdir", false, call_mkdirat},
    {SYS_mknodat, "mknod", false, call_mknodat},
    {SYS_symlinkat, "symlink", false, call_symlinkat},
    {SYS_unlinkat, "unlink", false, call_unlinkat},
    {SYS_linkat, "link", false, call_linkat},
    {SYS_renameat2, "rename", false, call_renameat2},
#ifdef SYS_renameat
    {SYS_renameat, "rename", false, call_renameat},
#endif
    {SYS_fchmodat, "chmod", false, call_fchmodat},
    {SYS_fchmod, "chmod", false, call_fchmod},
    {SYS_truncate, "truncate", false, call_truncate},
    {SYS_bind, "bind", false, bound},
#ifdef SYS_open
    {SYS_open, "open", true, call_open},
    {SYS_creat, "open", false, call_creat},
    {SYS_mkdir, "mkdir", false, call_mkdir},
    {SYS_mknod, "mknod", false, call_mknod},
    {SYS_symlink, "symlink", false, call_symlink},
    {SYS_unlink, "unlink", false, call_unlink},
    {SYS_rmdir, "rmdir", false, call_rmdir},
    {SYS_link, "link", false, call_link},
    {SYS_rename, "rename", false, call_rename},
    {SYS_chmod, "chmod", false, call_chmod},
#endif
};
const size_t guard_call_count = sizeof guard_calls / sizeof guard_calls[0];
