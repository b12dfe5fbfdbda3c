// The lookout (lookout.h): inotify on every folder. It runs beside the supervisor, with the person's own rights, and reads no file.
#define _GNU_SOURCE
#include "lookout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper.h"

enum { WANTED = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK, DEEPEST = 256 };

static struct {
  int inotify;
  char **paths;  // by watch descriptor
  size_t room, count;
  bool partial;
} lookout;

static void say(const char *word, const char *path) {
  fputs(word, stdout);
  if (path != NULL) putchar(' ');
  for (const unsigned char *at = (const unsigned char *)path; at != NULL && *at != 0; at++) {
    if (*at <= ' ' || *at == '%' || *at >= 0x7f) printf("%%%02x", *at);
    else putchar(*at);
  }
  putchar('\n');
}

// Packages come by the hundred thousand, and no person keeps secrets there (the same names as in the search at the start).
static bool is_passed_over(const char *name) {
  return strcmp(name, "node_modules") == 0 || strcmp(name, "bower_components") == 0 || strcmp(name, "site-packages") == 0;
}

static bool watch_folder(const char *path) {
  int watch = inotify_add_watch(lookout.inotify, *path == '\0' ? "." : path, WANTED);
  if (watch < 0) {
    if (errno == ENOSPC || errno == ENOMEM) lookout.partial = true;
    return false;
  }
  if ((size_t)watch >= lookout.room) {
    size_t room = (size_t)watch * 2 + 64;
    char **paths = realloc(lookout.paths, room * sizeof *paths);
    if (paths == NULL) _exit(EXIT_NO_FENCE);
    memset(paths + lookout.room, 0, (room - lookout.room) * sizeof *paths);
    lookout.paths = paths;
    lookout.room = room;
  }
  // The same folder under another name now: renamed.
  free(lookout.paths[watch]);
  lookout.paths[watch] = format("%s", path);
  lookout.count++;
  return true;
}

static char *below(const char *folder, const char *name) { return *folder == '\0' ? format("%s", name) : format("%s/%s", folder, name); }

// First the watch, then the look: what comes in between is told twice, never missed.
static void watch_tree(const char *path, int depth) {
  if (depth > DEEPEST || !watch_folder(path)) return;
  DIR *folder = opendir(*path == '\0' ? "." : path);
  if (folder == NULL) return;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || is_passed_over(entry->d_name)) continue;
    char *child = below(path, entry->d_name);
    struct stat found;
    bool is_folder = entry->d_type == DT_DIR || (entry->d_type == DT_UNKNOWN && lstat(child, &found) == 0 && S_ISDIR(found.st_mode));
    if (is_folder) watch_tree(child, depth + 1);
    free(child);
  }
  closedir(folder);
}

static void take(const struct inotify_event *event) {
  if (event->mask & IN_Q_OVERFLOW) say("lost", NULL);
  if (event->wd < 0 || (size_t)event->wd >= lookout.room || lookout.paths[event->wd] == NULL) return;
  if (event->mask & IN_IGNORED) {
    free(lookout.paths[event->wd]);
    lookout.paths[event->wd] = NULL;
  }
  if (event->len == 0) return;
  char *path = below(lookout.paths[event->wd], event->name);
  if (event->mask & IN_ISDIR) {
    if (!is_passed_over(event->name)) watch_tree(path, 1);
    say("folder", path);
  } else {
    say("name", path);
  }
  free(path);
}

static void tell_partial(void) {
  static bool told;
  if (lookout.partial && !told) say("partial", NULL);
  told = lookout.partial;
}

int run_lookout(const char *root) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || chdir(root) != 0) return EXIT_NO_FENCE;
  lookout.inotify = inotify_init1(IN_CLOEXEC);
  if (lookout.inotify < 0) return EXIT_NO_FENCE;
  watch_tree("", 0);
  tell_partial();
  printf("ready %zu\n", lookout.count);
  fflush(stdout);
  for (;;) {
    struct pollfd wait[] = {{lookout.inotify, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    if (poll(wait, 2, -1) < 0 && errno != EINTR) return EXIT_NO_FENCE;
    if (wait[1].revents != 0) return 0;
    if (wait[0].revents == 0) continue;
    _Alignas(struct inotify_event) char bytes[1 << 16];
    ssize_t n = read(lookout.inotify, bytes, sizeof bytes);
    for (char *at = bytes; n > 0 && at < bytes + n;) {
      const struct inotify_event *event = (const struct inotify_event *)at;
      take(event);
      at += sizeof *event + event->len;
    }
    tell_partial();
    if (fflush(stdout) != 0) return EXIT_NO_FENCE;
  }
}
