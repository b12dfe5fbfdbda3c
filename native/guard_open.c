// Opening on the caller's behalf. An existing object is opened through the descriptor that was checked; a new one is made with
// O_EXCL below the folder that was checked. So nothing can be swapped between the check and the use.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "guard_calls.h"

enum { TRIES = 16, AGAIN = -100000, FIRST_WAIT_US = 500, MOST_WAIT_US = 20000 };

#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)

static long give(struct job *job, int fd, int flags) {
  if (fd < 0) return -errno;
  job->give = fd;
  job->give_cloexec = (flags & O_CLOEXEC) != 0;
  return 0;
}

// /dev/tty is the opener's own terminal; ours is none of the caller's business.
static int terminal_of(struct job *job) {
  char path[32];
  long number = caller_terminal(&job->caller);
  if (number < 0) {
    errno = ENXIO;
    return -1;
  }
  snprintf(path, sizeof path, "/dev/pts/%ld", number);
  return open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static int reopen(struct job *job, const struct target *target, int flags, unsigned mode) {
  // O_NOCTTY: the guard must not gain a terminal. A session that wants one asks by ioctl, as libc's login_tty does.
  int how = (flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW)) | O_NOCTTY | O_CLOEXEC;
  if (!S_ISCHR(target->stat.st_mode) || target->stat.st_rdev != makedev(5, 0))
    return openat(job->guard->proc_fd, fd_name(target->object).text, how, mode);
  int terminal = terminal_of(job);
  if (terminal < 0) return -1;
  int fd = openat(job->guard->proc_fd, fd_name(terminal).text, how, mode);
  int cause = errno;
  close(terminal);
  errno = cause;
  return fd;
}

// A FIFO's opener waits for its peer. The lock is not held here, and another thread serves the others meanwhile.
static long open_fifo(struct job *job, const struct target *target, int flags) {
  if (!job_make_room(job)) return -EAGAIN;
  bool reads = (flags & O_ACCMODE) == O_RDONLY;
  int fd = -1;
  for (useconds_t pause = FIRST_WAIT_US; caller_waits(&job->caller);) {
    if (fd < 0) fd = reopen(job, target, flags | O_NONBLOCK, 0);
    if (fd < 0 && errno != ENXIO) return -errno;
    struct pollfd peer = {fd, POLLIN, 0};
    if (fd >= 0 && (!reads || poll(&peer, 1, 0) > 0)) {
      if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) == 0) return give(job, fd, flags);
      break;
    }
    usleep(pause);
    if (pause < MOST_WAIT_US) pause *= 2;
  }
  if (fd >= 0) close(fd);
  return -EINTR;
}

static bool changes(int flags) {
  return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0;
}

static long open_existing(struct job *job, const struct target *target, int flags, unsigned mode) {
  mode_t type = target->stat.st_mode & S_IFMT;
  bool unnamed = (flags & TMPFILE_BIT) != 0;
  if ((flags & O_CREAT) != 0 && (flags & O_EXCL) != 0 && !unnamed) return -EEXIST;
  if (type == S_IFLNK) return -ELOOP;
  if (type == S_IFDIR && (flags & O_CREAT) != 0) return -EISDIR;
  if (type != S_IFDIR && target->slash) return (flags & O_CREAT) != 0 ? -EISDIR : -ENOTDIR;
  if (type != S_IFDIR && changes(flags) && job_refuses(job, target, DEED_FILE)) return -EPERM;
  int unkept = type == S_IFREG && changes(flags) ? job_keeps(job, target) : 0;
  if (unkept != 0) return -unkept;
  if (unnamed) job_use_umask(job);
  if (type == S_IFIFO && (flags & O_NONBLOCK) == 0 && (flags & O_ACCMODE) != O_RDWR) {
    pthread_rwlock_unlock(&job->guard->names_lock);
    long result = open_fifo(job, target, flags);
    pthread_rwlock_rdlock(&job->guard->names_lock);
    return result;
  }
  return give(job, reopen(job, target, flags, mode), flags);
}

static long open_new(struct job *job, const struct target *target, int flags, unsigned mode) {
  if ((flags & O_CREAT) == 0) return -ENOENT;
  if (target->slash) return -EISDIR;
  if (job_refuses(job, target, DEED_FILE)) return -EPERM;
  int unkept = job_keeps(job, target);
  if (unkept != 0) return -unkept;
  job_use_umask(job);
  int fd = openat(target->parent, target->name, flags | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, mode);
  if (fd < 0 && errno == EEXIST && (flags & O_EXCL) == 0) return AGAIN;
  return give(job, fd, flags);
}

static long open_once(struct job *job, int dirfd, int flags, unsigned mode) {
  struct target target;
  bool exclusive = (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0;
  int failure = walk(&job->caller, dirfd, job->path, (flags & O_NOFOLLOW) == 0 && !exclusive ? LAST_FOLLOW : LAST_ITSELF, &target);
  if (failure != 0) return -failure;
  long result = target.object >= 0 ? open_existing(job, &target, flags, mode) : open_new(job, &target, flags, mode);
  target_close(&target);
  return result;
}

long opened(struct job *job, int dirfd, int flags, unsigned mode) {
  long result = AGAIN;
  for (int tries = 0; tries < TRIES && result == AGAIN; tries++) {
    pthread_rwlock_rdlock(&job->guard->names_lock);
    result = open_once(job, dirfd, flags, mode);
    pthread_rwlock_unlock(&job->guard->names_lock);
  }
  // Somebody made and removed the name at every look: whoever races so gets an answer, not the guard's time.
  return result == AGAIN ? -EEXIST : result;
}
