// The processes that the recorder knows: each with its number inside, its parent at first sight, and a pidfd that tells its end.
#ifndef RINGFENCE_RECORD_PROCESS_H
#define RINGFENCE_RECORD_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROCESS_BUCKETS = 4096, THREAD_HINTS = 1024 };

struct process {
  struct process *next;
  pid_t outer, inner;  // its number as the recorder and as the command sees it
  pid_t parent;        // inside; 0: not of the session
  pid_t above;         // the parent's number as the recorder sees it
  int pidfd;           // -1: there were too many; then `started` tells it from a later holder of its number, and its end is not told
  unsigned long long started;
  uint32_t serial;     // tells it from a later holder of its number
  uint32_t probes;     // names it tried to execute that are not there
  bool told;
  // What its exec line said it would run, until that is seen to be so (record_image.h).
  bool unproved;
  pid_t executer;  // the thread that called it
  dev_t device;
  ino_t inode;
};

struct process_table {
  struct process *buckets[PROCESS_BUCKETS];
  struct {
    pid_t thread, process;
  } hints[THREAD_HINTS];
  uint32_t serial;
  size_t count, most;       // with a pidfd; the other descriptors are for looking
  unsigned long long lost;  // ends that cannot be followed, not told yet
};

struct recorder;

// The process of a thread that waits in a trapped call; one that is seen for the first time is taken in, and so are its ancestors. NULL: it
// is gone. Lock held.
struct process *process_of(struct recorder *recorder, pid_t thread);

// Before the first line about it: tells it as `fork`, and ancestors that were not told before it, but not one that EXECUTES: that line says
// who it is. Lock held.
// A thread of it that still runs its program: the first one may have ended before the others, and /proc says nothing of it then.
pid_t process_living(const struct recorder *recorder, const struct process *process);

void process_announce(struct recorder *recorder, struct process *process, bool executes);

// What the epoll of ends says, with the number and serial packed as process_key does. Lock held.
void process_ended(struct recorder *recorder, uint64_t key);

#endif
