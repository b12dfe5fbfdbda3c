// Before-images for undo (DESIGN SAND-10): the guard of a `direct` workspace keeps what stands at a path before the first change of it in
// this session, in a folder that nobody inside can reach. Up to a size; beyond it the change goes on and is told (`uncovered`).
#ifndef RINGFENCE_GUARD_BEFORE_H
#define RINGFENCE_GUARD_BEFORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "before_log.h"
#include "guard_walk.h"

struct before {
  bool on;
  int folder, images;   // of the session's past
  int proc_fd, event_fd;
  uint64_t most_bytes;
  unsigned sequence;
  pthread_mutex_t lock;
  struct before_log log;
};

// Starts keeping into FOLDER; with -1 nothing is kept. False with errno: then the guard must not start.
bool before_begin(struct before *before, int folder, uint64_t most_bytes);

// Both are called after the guard's rule has let the change through, before it is made. PLACE is the target's as `place_of` writes it;
// whatever begins with a slash is outside the workspace and passes. 0, or the errno with which the change must be refused.
int before_change(struct before *before, const struct target *target, const char *place);
int before_mode(struct before *before, const struct target *target, const char *place);

// A rename. NOW makes it; its failure is put down too. Returns what the caller gets.
struct before_move {
  const struct target *from, *to;
  const char *from_place, *to_place;
  bool exchange;
};
int before_move(struct before *before, const struct before_move *move);
void before_move_failed(struct before *before, const struct before_move *move);

#endif
