// The log and its memory (before_log.h). The memory is nothing but the log read in order, so all guards of a session agree.
#define _GNU_SOURCE
#include "before_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { FIELDS = 10, FIRST_ROOM = 1024, LINE_MOST = 2 * PATH_MAX + 512 };
// An agent that fills them loses its own writes (the log), or the sparing of records that are there already (the memory).
#define MOST_LOG_BYTES (512ULL << 20)
#define MOST_SEEN_BYTES (64ULL << 20)

static size_t slot_of(const struct seen *seen, size_t room, const char *path) {
  uint64_t hash = 1469598103934665603ULL;
  for (const unsigned char *at = (const unsigned char *)path; *at != 0; at++) hash = (hash ^ *at) * 1099511628211ULL;
  size_t slot = (size_t)(hash ^ (hash >> 29)) & (room - 1);
  while (seen[slot].path != NULL && strcmp(seen[slot].path, path) != 0) slot = (slot + 1) & (room - 1);
  return slot;
}

static bool grow(struct before_log *log) {
  size_t room = log->room == 0 ? FIRST_ROOM : log->room * 2;
  struct seen *seen = calloc(room, sizeof *seen);
  if (seen == NULL) return false;
  for (size_t i = 0; i < log->room; i++)
    if (log->seen[i].path != NULL) seen[slot_of(seen, room, log->seen[i].path)] = log->seen[i];
  free(log->seen);
  log->seen = seen;
  log->room = room;
  return true;
}

unsigned before_log_seen(const struct before_log *log, const char *path) {
  return log->room == 0 ? 0 : log->seen[slot_of(log->seen, log->room, path)].flags;
}

static void mark(struct before_log *log, const char *path, unsigned flags) {
  if ((log->count + 1) * 2 > log->room && !grow(log)) return;
  struct seen *entry = &log->seen[slot_of(log->seen, log->room, path)];
  if (entry->path == NULL) {
    size_t size = strlen(path) + 1 + 2 * sizeof *entry;
    // What is not remembered is recorded once more, which is harmless.
    if (log->seen_bytes + size > MOST_SEEN_BYTES || (entry->path = strdup(path)) == NULL) return;
    log->seen_bytes += size;
    log->count++;
  }
  entry->flags |= flags;
}

static const char *rest_below(const char *path, const char *top) {
  size_t length = strlen(top);
  if (strncmp(path, top, length) != 0) return NULL;
  return path[length] == 0 || path[length] == '/' ? path + length : NULL;
}

// What is known of FROM and everything below is now known of TO; what was known there is of something that is gone.
static void move_seen(struct before_log *log, const char *from, const char *to, bool forget) {
  struct seen *old = log->seen;
  size_t room = log->room;
  log->seen = NULL;
  log->room = log->count = log->seen_bytes = 0;
  for (size_t i = 0; i < room; i++) {
    if (old[i].path == NULL) continue;
    const char *below_from = rest_below(old[i].path, from), *below_to = rest_below(old[i].path, to);
    char path[2 * PATH_MAX];
    if (below_from != NULL && !forget) {
      snprintf(path, sizeof path, "%s%s", to, below_from);
      mark(log, path, old[i].flags);
    } else if (below_from == NULL && below_to == NULL) {
      mark(log, old[i].path, old[i].flags);
    }
    free(old[i].path);
  }
  free(old);
}

static struct seen *entry_of(struct before_log *log, const char *path) {
  struct seen *entry = log->room == 0 ? NULL : &log->seen[slot_of(log->seen, log->room, path)];
  return entry == NULL || entry->path == NULL ? NULL : entry;
}

// The same for a file, which has nothing below it: without a look at everything else.
static void move_file(struct before_log *log, const char *from, const char *to, bool forget) {
  struct seen *old = entry_of(log, from), *new = entry_of(log, to);
  unsigned flags = old == NULL || forget ? 0 : old->flags;
  if (old != NULL) old->flags = 0;
  if (new != NULL) new->flags = 0;
  if (flags != 0) mark(log, to, flags);
}

static void take(struct before_log *log, char *fields[FIELDS]) {
  const char *path = fields[8], *other = fields[9];
  void (*move)(struct before_log *, const char *, const char *, bool) = fields[1][0] == 'f' ? move_file : move_seen;
  switch (fields[0][0]) {
    case 'f':
      mark(log, path, SEEN_ALL | SEEN_MODE);
      if (fields[7][0] != '-') log->image_bytes += strtoull(fields[3], NULL, 10);
      break;
    case 'm': mark(log, path, SEEN_MODE); break;
    case 't': mark(log, path, SEEN_TIME); break;
    case 'v': move(log, path, other, false); break;
    // Of a change that did not happen, or went both ways, nothing is known any more: it is recorded again, which is harmless.
    default: move(log, path, other, true); break;
  }
}

// Takes whole records from BYTES; returns how many bytes those were.
static size_t take_all(struct before_log *log, char *bytes, size_t size) {
  size_t done = 0;
  for (;;) {
    char *fields[FIELDS], *at = bytes + done;
    for (int i = 0; i < FIELDS; i++) {
      char *end = memchr(at, 0, size - (size_t)(at - bytes));
      if (end == NULL) return done;
      fields[i] = at;
      at = end + 1;
    }
    if (at == bytes + size || *at != '\n') return done;
    take(log, fields);
    done = (size_t)(at + 1 - bytes);
  }
}

bool before_log_catch_up(struct before_log *log) {
  struct stat now;
  if (fstat(log->fd, &now) != 0) return false;
  while (log->taken < (uint64_t)now.st_size) {
    char bytes[4 * LINE_MOST];
    ssize_t n = pread(log->fd, bytes, sizeof bytes, (off_t)log->taken);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n == 0;
    size_t taken = take_all(log, bytes, (size_t)n);
    // Records are appended whole under a lock, so a part of one is what a dying guard left: nothing can be known after it.
    if (taken == 0) return errno = EIO, false;
    log->taken += taken;
  }
  return true;
}

bool before_log_open(struct before_log *log, int folder) {
  *log = (struct before_log){.fd = openat(folder, "before.log", O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  return log->fd >= 0 && before_log_catch_up(log);
}

static long long nanoseconds(struct timespec time) { return time.tv_sec * 1000000000LL + time.tv_nsec; }

bool before_log_add(struct before_log *log, const struct before_record *record) {
  char line[LINE_MOST];
  const struct stat *stat = &record->stat;
  int length = snprintf(line, sizeof line, "%c%c%c%c%o%c%lld%c%lld%c%llu%c%llu%c%s%c%s%c%s%c\n", record->kind, 0, record->type, 0,
                        stat->st_mode & 07777, 0, (long long)stat->st_size, 0, nanoseconds(stat->st_mtim), 0,
                        (unsigned long long)stat->st_ino, 0, (unsigned long long)stat->st_nlink, 0,
                        record->image[0] == 0 ? "-" : record->image, 0, record->path, 0, record->other == NULL ? "" : record->other, 0);
  if (length <= 0 || (size_t)length >= sizeof line) return errno = ENAMETOOLONG, false;
  if (flock(log->fd, LOCK_EX) != 0) return false;
  bool fine = before_log_catch_up(log);
  if (fine && log->taken > MOST_LOG_BYTES) fine = (errno = EDQUOT, false);
  ssize_t n = fine ? write(log->fd, line, (size_t)length) : -1;
  if (n != length && n > 0) {
    // No room: a half line must not stay.
    (void)!ftruncate(log->fd, (off_t)log->taken);
    errno = ENOSPC;
  }
  fine = n == length && before_log_catch_up(log);
  int cause = errno;
  flock(log->fd, LOCK_UN);
  errno = cause;
  return fine;
}
