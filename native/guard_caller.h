// The process whose call was trapped: its memory, its descriptors, its umask, read once and only while the call is still waiting.
#ifndef RINGFENCE_GUARD_CALLER_H
#define RINGFENCE_GUARD_CALLER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct caller {
  int listener;
  uint64_t id;
  int proc_fd;  // /proc of the guard's pid namespace
  pid_t tid;
  int dir;  // /proc/TID, held: a number that is given to another process later cannot mislead us
};

// Both return 0 or an errno value. After caller_open the caller is known to be the one that made the call.
int caller_open(struct caller *caller, int listener, int proc_fd, uint64_t id, pid_t tid);
void caller_close(struct caller *caller);

// True while the call waits. What was read before is the caller's own only if this still holds afterwards.
bool caller_waits(const struct caller *caller);

// A string of the caller's memory, read once. EFAULT, or ENAMETOOLONG when it does not end within PATH_MAX.
int caller_string(const struct caller *caller, uint64_t address, char text[PATH_MAX]);

// SIZE bytes of the caller's memory, or EFAULT.
int caller_bytes(const struct caller *caller, uint64_t address, void *to, size_t size);

// The folder that a relative path starts from: AT_FDCWD or a descriptor. O_PATH, or -1 with errno EBADF.
int caller_base(const struct caller *caller, int dirfd);

// What a descriptor of the caller stands for. O_PATH, or -1 with errno EBADF.
int caller_object(const struct caller *caller, int fd);

// A duplicate of a descriptor of the caller, or -1 with errno EBADF.
int caller_dup(const struct caller *caller, int fd);

// Numbers of its status; -1 when they cannot be read.
long caller_umask(const struct caller *caller);

// Its process and thread number in its own pid namespace, for `/proc/self` and `/proc/thread-self`.
int caller_numbers(const struct caller *caller, long *process, long *thread);

// The minor number of its controlling terminal when that is one of devpts, or -1: it has none.
long caller_terminal(const struct caller *caller);

#endif
