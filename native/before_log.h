// The log of what stood in a `direct` workspace before each change of a session, and what it says about each path so far.
// Appended to by every guard of the session (one for each command), so each reads what the others wrote before it trusts its own memory.
#ifndef RINGFENCE_BEFORE_LOG_H
#define RINGFENCE_BEFORE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

// Twelve fields, each ended by NUL: KIND TYPE MODE SIZE MTIME_NS INODE LINKS IMAGE PATH OTHER, then the line's end. Read by
// `sandbox/workspace/direct-past.ts`.
//   KIND   f what stood at PATH (TYPE: f file, d folder, l link to OTHER, o something else, - nothing)   m its mode alone
//          t the time of the folder PATH   v PATH is moved to OTHER   x PATH and OTHER change places   c the last v or x did not happen
//          (TYPE of v, x, c: f it is no folder, d it may be one)
//   IMAGE  name below `images`, or `-`: none was needed or, for a file with KIND f, none could be kept (OTHER says why)
struct before_record {
  char kind, type;
  struct stat stat;
  char image[64];
  const char *path, *other;
};

// What is known about one path already.
enum { SEEN_MODE = 1, SEEN_ALL = 2, SEEN_TIME = 4 };

struct seen {
  char *path;
  unsigned flags;
};

struct before_log {
  int fd;
  uint64_t taken;       // bytes of the log that were read
  uint64_t image_bytes; // of all images in it
  struct seen *seen;    // open addressing, a power of two
  size_t room, count, seen_bytes;
};

// Opens or makes `before.log` in FOLDER. False with errno.
bool before_log_open(struct before_log *log, int folder);

// Reads what came since. False with errno: then nothing may be changed.
bool before_log_catch_up(struct before_log *log);

unsigned before_log_seen(const struct before_log *log, const char *path);

// Appends one record and takes it in. False with errno.
bool before_log_add(struct before_log *log, const struct before_record *record);

#endif
