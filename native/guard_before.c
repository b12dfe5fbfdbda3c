// Keeping (guard_before.h). One lock for all threads: the first change of a path waits for its image, and of one path there is one.
#define _GNU_SOURCE
#include "guard_before.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EVENT_BYTES = 1200, BLOCK = 1 << 16 };

bool before_begin(struct before *before, int folder, uint64_t most_bytes) {
  before->on = folder >= 0;
  before->folder = folder;
  before->most_bytes = most_bytes;
  if (!before->on) return true;
  if (pthread_mutex_init(&before->lock, NULL) != 0) return false;
  if (mkdirat(folder, "images", 0700) != 0 && errno != EEXIST) return false;
  before->images = openat(folder, "images", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return before->images >= 0 && before_log_open(&before->log, folder);
}

static void tell_uncovered(const struct before *before, const char *place, const char *why) {
  static const char hex[] = "0123456789abcdef";
  char line[EVENT_BYTES + 64];
  if (before->event_fd < 0) return;
  size_t at = (size_t)snprintf(line, sizeof line, "uncovered %s ", why), end = at + EVENT_BYTES;
  for (const unsigned char *from = (const unsigned char *)place; *from != 0 && at + 3 <= end; from++) {
    bool plain = *from > ' ' && *from < 0x7f && *from != '%';
    if (plain) line[at++] = (char)*from;
    else line[at++] = '%', line[at++] = hex[*from >> 4], line[at++] = hex[*from & 15];
  }
  line[at++] = '\n';
  (void)!write(before->event_fd, line, at);  // the log says it too
}

// No more than there was: under another name the file may be growing while it is copied.
static int copy_bytes(int from, int to, off_t size) {
  if (ioctl(to, FICLONE, from) == 0) return 0;
  static _Thread_local char block[BLOCK];
  for (ssize_t n; size > 0 && (n = read(from, block, size < BLOCK ? (size_t)size : BLOCK)) != 0;) {
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    size -= n;
    for (ssize_t done = 0, wrote; done < n; done += wrote)
      if ((wrote = write(to, block + done, (size_t)(n - done))) < 0) return errno;
  }
  return 0;
}

// Fills in the image, or why there is none (a word for `uncovered`).
static const char *keep_image(struct before *before, const struct target *target, struct before_record *record) {
  if ((uint64_t)target->stat.st_size > before->most_bytes || before->log.image_bytes + (uint64_t)target->stat.st_size > before->most_bytes)
    return "too-large";
  int from = openat(before->proc_fd, fd_name(target->object).text, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (from < 0) return "unreadable";
  snprintf(record->image, sizeof record->image, "direct-%d-%u", (int)getpid(), before->sequence++);
  int to = openat(before->images, record->image, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  int failure = to < 0 ? errno : copy_bytes(from, to, target->stat.st_size);
  if (to >= 0) close(to);
  close(from);
  if (failure == 0) return NULL;
  unlinkat(before->images, record->image, 0);
  record->image[0] = 0;
  return "not-kept";
}

static bool is_outside(const char *place) { return place[0] == '/'; }

// The folder's time goes first: nothing in it has changed yet.
static int keep_time(struct before *before, const struct target *target, const char *place) {
  char folder[PATH_MAX];
  struct before_record record = {.kind = 't', .type = 'd', .path = folder};
  snprintf(folder, sizeof folder, "%s", place);
  char *slash = strrchr(folder, '/');
  *(slash == NULL ? folder : slash) = 0;
  if (target->parent < 0 || (before_log_seen(&before->log, folder) & SEEN_TIME) != 0) return 0;
  if (fstat(target->parent, &record.stat) != 0) return errno;
  return before_log_add(&before->log, &record) ? 0 : errno;
}

static int keep_all(struct before *before, const struct target *target, const char *place) {
  char other[PATH_MAX] = "";
  struct before_record record = {.kind = 'f', .type = '-', .path = place, .other = other};
  if (target->object >= 0) {
    record.stat = target->stat;
    mode_t type = target->stat.st_mode & S_IFMT;
    record.type = type == S_IFREG ? 'f' : type == S_IFDIR ? 'd' : type == S_IFLNK ? 'l' : 'o';
    if (type == S_IFLNK) {
      ssize_t n = readlinkat(target->object, "", other, sizeof other - 1);
      if (n < 0) return errno;
      other[n] = 0;
    } else if (type == S_IFREG) {
      const char *why = keep_image(before, target, &record);
      if (why != NULL) snprintf(other, sizeof other, "%s", why), tell_uncovered(before, place, why);
    }
  }
  return before_log_add(&before->log, &record) ? 0 : errno;
}

static int begin(struct before *before) {
  pthread_mutex_lock(&before->lock);
  return before_log_catch_up(&before->log) ? 0 : errno;
}

int before_change(struct before *before, const struct target *target, const char *place) {
  if (!before->on || is_outside(place)) return 0;
  // A file without a name is nobody's any more; its path is that of something else, if of anything.
  if (target->object >= 0 && target->stat.st_nlink == 0) return 0;
  int failure = begin(before);
  // A write into an existing file leaves its folder's time alone; everything else does not.
  if (failure == 0 && (before_log_seen(&before->log, place) & SEEN_ALL) == 0) {
    failure = keep_time(before, target, place);
    if (failure == 0) failure = keep_all(before, target, place);
  } else if (failure == 0) {
    failure = keep_time(before, target, place);
  }
  pthread_mutex_unlock(&before->lock);
  return failure;
}

int before_mode(struct before *before, const struct target *target, const char *place) {
  if (!before->on || is_outside(place) || target->stat.st_nlink == 0) return 0;
  int failure = begin(before);
  if (failure == 0 && (before_log_seen(&before->log, place) & SEEN_MODE) == 0) {
    struct before_record record = {.kind = 'm', .type = S_ISDIR(target->stat.st_mode) ? 'd' : 'f', .stat = target->stat, .path = place};
    if (!before_log_add(&before->log, &record)) failure = errno;
  }
  pthread_mutex_unlock(&before->lock);
  return failure;
}

// Nothing happens to a name that is moved to itself.
static bool is_idle(const struct before_move *move) { return strcmp(move->from_place, move->to_place) == 0; }

// Whether anything can be below what moves.
static char type_of(const struct before_move *move) { return !move->exchange && !S_ISDIR(move->from->stat.st_mode) ? 'f' : 'd'; }

int before_move(struct before *before, const struct before_move *move) {
  if (!before->on || is_idle(move)) return 0;
  // Into or out of the workspace it is a coming or a going, not a move: the kernel refuses it anyway, as another mount.
  if (is_outside(move->from_place) || is_outside(move->to_place)) return 0;
  int failure = move->exchange ? 0 : before_change(before, move->to, move->to_place);
  if (failure != 0) return failure;
  failure = begin(before);
  if (failure == 0) failure = keep_time(before, move->from, move->from_place);
  if (failure == 0) failure = keep_time(before, move->to, move->to_place);
  struct before_record record = {.kind = move->exchange ? 'x' : 'v', .type = type_of(move), .path = move->from_place, .other = move->to_place};
  if (failure == 0 && !before_log_add(&before->log, &record)) failure = errno;
  pthread_mutex_unlock(&before->lock);
  return failure;
}

void before_move_failed(struct before *before, const struct before_move *move) {
  if (!before->on || is_idle(move) || is_outside(move->from_place) || is_outside(move->to_place)) return;
  pthread_mutex_lock(&before->lock);
  struct before_record record = {.kind = 'c', .type = type_of(move), .path = move->from_place, .other = move->to_place};
  (void)before_log_add(&before->log, &record);  // without it, undo finds the move not to be there
  pthread_mutex_unlock(&before->lock);
}
