// Looks through the descriptors and mappings of a process and everything below it (unlinked.h). From outside: so it is the same for every runtime,
// whoever opens the files there.
#define _GNU_SOURCE
#include "unlinked.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

// In one look, so that a process with descriptors without end costs a bounded time.
enum { DESCRIPTORS_MOST = 1 << 20 };

struct process {
  pid_t pid, parent;
  bool below;
};

struct look {
  void (*found)(void *with, const struct stat *file);
  void *with;
  size_t descriptors;
};

static pid_t parent_of(pid_t pid) {
  char path[64], stat[512];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? -1 : read(fd, stat, sizeof stat - 1);
  if (fd >= 0) close(fd);
  if (n <= 0) return 0;
  stat[n] = '\0';
  int parent;
  // The name between may hold anything.
  const char *at = strrchr(stat, ')');
  return at != NULL && sscanf(at, ") %*c %d", &parent) == 1 ? parent : 0;
}

static struct process *all_processes(size_t *count) {
  struct process *all = NULL;
  size_t room = 0;
  *count = 0;
  DIR *proc = opendir("/proc");
  if (proc == NULL) return NULL;
  for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    if (*count == room) {
      room = room == 0 ? 256 : room * 2;
      all = realloc(all, room * sizeof *all);
      if (all == NULL) abort();
    }
    pid_t pid = atoi(entry->d_name);
    all[(*count)++] = (struct process){.pid = pid, .parent = parent_of(pid)};
  }
  closedir(proc);
  return all;
}

static bool is_below(const struct process *all, size_t count, pid_t pid) {
  for (size_t i = 0; i < count; i++) {
    if (all[i].pid == pid) return all[i].below;
  }
  return false;
}

static void mark_below(struct process *all, size_t count, pid_t top) {
  for (bool grown = true; grown;) {
    grown = false;
    for (size_t i = 0; i < count; i++) {
      if (all[i].below || (all[i].pid != top && !is_below(all, count, all[i].parent))) continue;
      all[i].below = grown = true;
    }
  }
}

// Those in memory are counted as memory.
static void tell_unlinked(struct look *look, int folder, const char *name) {
  struct stat file;
  struct statfs system;
  if (fstatat(folder, name, &file, 0) != 0 || !S_ISREG(file.st_mode) || file.st_nlink > 0) return;
  char path[96];
  snprintf(path, sizeof path, "/proc/self/fd/%d/%.64s", folder, name);
  if (statfs(path, &system) != 0 || system.f_type == TMPFS_MAGIC || system.f_type == HUGETLBFS_MAGIC) return;
  look->found(look->with, &file);
}

static int open_folder(pid_t pid, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void look_at_descriptors(struct look *look, pid_t pid) {
  int fd = open_folder(pid, "fd");
  DIR *folder = fd < 0 ? NULL : fdopendir(fd);
  if (folder == NULL) {
    if (fd >= 0) close(fd);
    return;
  }
  for (struct dirent *entry; (entry = readdir(folder)) != NULL && look->descriptors < DESCRIPTORS_MOST;) {
    if (entry->d_name[0] == '.') continue;
    look->descriptors++;
    tell_unlinked(look, fd, entry->d_name);
  }
  closedir(folder);
}

static void look_at_mappings(struct look *look, pid_t pid) {
  static const char DELETED[] = " (deleted)\n";
  char path[64], *line = NULL;
  size_t room = 0;
  snprintf(path, sizeof path, "/proc/%d/maps", pid);
  FILE *maps = fopen(path, "re");
  int folder = maps == NULL ? -1 : open_folder(pid, "map_files");
  for (ssize_t n; folder >= 0 && (n = getline(&line, &room, maps)) > 0;) {
    unsigned long from, to;
    if ((size_t)n < sizeof DELETED || strcmp(line + n - (sizeof DELETED - 1), DELETED) != 0) continue;
    if (sscanf(line, "%lx-%lx", &from, &to) != 2) continue;
    snprintf(path, sizeof path, "%lx-%lx", from, to);
    tell_unlinked(look, folder, path);
  }
  free(line);
  if (folder >= 0) close(folder);
  if (maps != NULL) fclose(maps);
}

void each_unlinked(pid_t top, void (*found)(void *with, const struct stat *file), void *with) {
  struct look look = {.found = found, .with = with};
  size_t count;
  struct process *all = all_processes(&count);
  mark_below(all, count, top);
  for (size_t i = 0; i < count; i++) {
    if (!all[i].below) continue;
    look_at_descriptors(&look, all[i].pid);
    // The kernel shows the files behind mappings to root alone.
    if (geteuid() == 0) look_at_mappings(&look, all[i].pid);
  }
  free(all);
}
