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
#include "name_filter.h"

enum { WANTED = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK, DEEPEST = 256 };

static struct {
  int inotify;
  char **paths;  // by watch descriptor
  size_t room, count, names;
  bool partial, incomplete;
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

// A folder that is still to be looked at.
struct folder {
  char *path;
  int depth;
  bool place;  // whatever is in it is worth a look
};

struct folders {
  struct folder *items;
  size_t count, room;
};

static void push(struct folders *list, struct folder folder) {
  if (list->count == list->room) {
    list->room = list->room * 2 + 64;
    list->items = realloc(list->items, list->room * sizeof *list->items);
    if (list->items == NULL) _exit(EXIT_NO_FENCE);
  }
  list->items[list->count++] = folder;
}

// Content-addressed: whatever lies in `.git/objects` and `.git/modules/…/objects` came from git itself. Not searched, and watched last.
static bool is_object_store(const char *path) {
  static const char own[] = ".git/objects", modules[] = ".git/modules/", end[] = "/objects";
  size_t size = strlen(path);
  if (size < sizeof own - 1 || strcmp(path + size - (sizeof end - 1), end) != 0) return false;
  const char *last = path + size - (sizeof own - 1);
  if (strcmp(last, own) == 0 && (last == path || last[-1] == '/')) return true;
  for (const char *at = path; (at = strstr(at, modules)) != NULL; at++) {
    if ((at == path || at[-1] == '/') && at + sizeof modules - 1 < path + size - (sizeof end - 2)) return true;
  }
  return false;
}

// Not through a link that came to stand there meanwhile.
static DIR *open_below(const char *path) {
  int fd = open(*path == '\0' ? "." : path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  // Of these the reader must not believe that nothing is in them; what the person may not read, the fence cannot show.
  if (fd < 0 && (errno == ENAMETOOLONG || errno == EMFILE || errno == ENFILE || errno == ENOMEM)) lookout.incomplete = true;
  DIR *folder = fd < 0 ? NULL : fdopendir(fd);
  if (folder == NULL && fd >= 0) _exit(EXIT_NO_FENCE);
  return folder;
}

static bool is_folder(const char *path, unsigned char type) {
  struct stat found;
  return type == DT_DIR || (type == DT_UNKNOWN && lstat(path, &found) == 0 && S_ISDIR(found.st_mode));
}

// What a search says of one folder's names; those below it go on the list, git's objects on the other one.
static void look_at(struct folder at, struct folders *todo, struct folders *stores) {
  DIR *folder = open_below(at.path);
  if (folder == NULL) return;
  bool head = false, objects = false;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    if (stores != NULL && lookout.names++ == LOOKOUT_MOST_NAMES) lookout.incomplete = true;
    head = head || strcmp(name, "HEAD") == 0;
    objects = objects || strcmp(name, "objects") == 0;
    // Nearly every name of a workspace: no path is made for it.
    if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN && (stores == NULL || (!at.place && !is_worth_a_look(name)))) continue;
    char *child = below(at.path, name);
    if (is_folder(child, entry->d_type)) {
      struct folder next = {child, at.depth + 1, at.place || is_secret_place(name)};
      if (is_passed_over(name)) free(child);
      else push(stores != NULL && is_object_store(child) ? stores : todo, next);
      continue;
    }
    if (stores != NULL && (at.place || is_worth_a_look(name))) say("found", child);
    free(child);
  }
  closedir(folder);
  if (stores != NULL && head && objects) say("repository", at.path);
}

// First the watch, then the look: what comes in between is told twice, never missed. Without a list for git's objects nothing is said.
static void walk(struct folders *todo, struct folders *stores) {
  while (todo->count > 0 && !lookout.incomplete) {
    struct folder next = todo->items[--todo->count];
    bool watched = next.depth <= DEEPEST && watch_folder(next.path);
    // The search goes where no watch does.
    if (watched || stores != NULL) look_at(next, todo, stores);
    free(next.path);
  }
}

static void watch_tree(const char *path) {
  struct folders todo = {0};
  push(&todo, (struct folder){.path = format("%s", path), .depth = 1});
  lookout.incomplete = false;
  walk(&todo, NULL);
  free(todo.items);
}

// What is there when it begins, by name; then git's objects, which nobody waits for.
static void search(void) {
  struct folders todo = {0}, stores = {0};
  push(&todo, (struct folder){.path = format("%s", "")});
  walk(&todo, &stores);
  say(lookout.incomplete ? "incomplete" : "searched", NULL);
  if (fflush(stdout) != 0 || lookout.incomplete) _exit(EXIT_NO_FENCE);
  walk(&stores, NULL);
  free(todo.items);
  free(stores.items);
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
    if (!is_passed_over(event->name)) watch_tree(path);
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

int run_lookout(const char *root, char **words) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || chdir(root) != 0) return EXIT_NO_FENCE;
  lookout.inotify = inotify_init1(IN_CLOEXEC);
  if (lookout.inotify < 0) return EXIT_NO_FENCE;
  filter_begin(words);
  search();
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
