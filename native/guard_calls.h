// The trapped calls, each with what the guard does instead of the kernel's own entry: resolve, check, perform, answer.
#ifndef RINGFENCE_GUARD_CALLS_H
#define RINGFENCE_GUARD_CALLS_H

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard_before.h"
#include "guard_caller.h"
#include "guard_place.h"

struct guard {
  struct places places;
  struct before before;
  int proc_fd, event_fd;
  struct recorder *recorder;  // that every call is told to, or NULL
  // Held for writing while something is renamed: a folder that moves would carry a checked place to where it is protected.
  // Everything else that makes or changes a name holds it for reading from the first step of its walk to the act.
  pthread_rwlock_t names_lock;
  _Atomic int workers;  // threads
};

// One trapped call while it is handled by one thread.
struct job {
  struct guard *guard;
  struct served *served;  // what this thread serves
  int listener;
  struct look *look;  // the recorder's, when there is one
  struct caller caller;
  const uint64_t *args;
  const char *op;
  char path[PATH_MAX], second[PATH_MAX];  // as the caller gave them, read once
  char place[PATH_MAX];                   // for the record, when `refused`
  bool refused;
  int give;           // a descriptor to hand over as the result, or -1
  bool give_cloexec;
  bool replaced;      // another thread has taken this one's place, because the call waits for a peer
};

struct guard_call {
  long number;
  const char *op;
  bool by_flags;               // traps only when its flags say that it could write
  long (*handle)(struct job *job);  // the result, or a negative errno; a descriptor goes into `give`
};

extern const struct guard_call guard_calls[];
extern const size_t guard_call_count;

// Used by the handlers.
int job_paths(struct job *job, int first, int second);
bool job_refuses(struct job *job, const struct target *target, enum deed deed);
// What stands at the target that job_refuses just let through is kept. 0, or the errno with which the call must fail.
int job_keeps(struct job *job, const struct target *target);
void job_use_umask(struct job *job);
bool job_make_room(struct job *job);
long bound(struct job *job);
long opened(struct job *job, int dirfd, int flags, unsigned mode);

#endif
