// A socket that is given a name. The socket itself is fetched from the caller, so every kind of bind is done here: whether it is one
// with a path cannot be told from registers.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "guard_calls.h"

static long bind_name(struct job *job, int fd) {
  struct target target;
  pthread_rwlock_rdlock(&job->guard->names_lock);
  int failure = walk(&job->caller, AT_FDCWD, job->path, LAST_NAME, &target);
  long result = -failure;
  if (failure == 0 && target.object >= 0) {
    result = -EADDRINUSE;
  } else if (failure == 0 && target.slash) {
    result = -ENOENT;
  } else if (failure == 0 && job_refuses(job, &target, DEED_FILE)) {
    result = -EPERM;
  } else if (failure == 0 && (result = -job_keeps(job, &target)) == 0) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(target.name);
    job_use_umask(job);
    memcpy(address.sun_path, target.name, length < sizeof address.sun_path ? length : sizeof address.sun_path);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (length < sizeof address.sun_path ? 1 : 0));
    // The thread's working directory is its own (CLONE_FS); a socket has no call relative to a descriptor.
    result = fchdir(target.parent) != 0 ? -errno : bind(fd, (struct sockaddr *)&address, size) != 0 ? -errno : 0;
    if (fchdir(job->guard->proc_fd) != 0) _exit(1);
  }
  pthread_rwlock_unlock(&job->guard->names_lock);
  if (failure == 0) target_close(&target);
  return result;
}

long bound(struct job *job) {
  union {
    struct sockaddr any;
    struct sockaddr_un local;
    struct sockaddr_storage all;
  } address = {0};
  int size = (int)(uint32_t)job->args[2];
  if (size < 0 || (size_t)size > sizeof address.all) return -EINVAL;
  if (size > 0 && caller_bytes(&job->caller, job->args[1], &address, (size_t)size) != 0) return -EFAULT;
  int fd = caller_dup(&job->caller, (int)(uint32_t)job->args[0]);
  if (fd < 0) return -EBADF;
  if (!caller_waits(&job->caller)) {
    close(fd);
    return -ESRCH;
  }
  int domain = 0;
  socklen_t domain_size = sizeof domain;
  long result;
  size_t path_at = offsetof(struct sockaddr_un, sun_path);
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size) != 0) {
    result = -errno;
  } else if (domain == AF_UNIX && (size_t)size > path_at && (size_t)size <= sizeof address.local && address.local.sun_path[0] != 0) {
    snprintf(job->path, sizeof job->path, "%.*s", (int)((size_t)size - path_at), address.local.sun_path);
    result = bind_name(job, fd);
  } else {
    result = bind(fd, &address.any, (socklen_t)size) != 0 ? -errno : 0;
  }
  close(fd);
  return result;
}
