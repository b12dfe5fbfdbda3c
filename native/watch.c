// Reads /proc/PID/status and the open descriptors of every process, and asks for what is kept without one (watch.h).
#define _GNU_SOURCE
#include "watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

// In one look, so that a process with a million descriptors costs a bounded time; what lies beyond is not counted.
enum { DESCRIPTORS_MOST = 50000, MEMORY_FILES_MOST = 4096 };

// One look around.
struct look {
  unsigned long long own;     // anonymous and swapped
  unsigned long long mapped;  // shared memory, once for each process that maps it
  unsigned long long files;   // memfds, once each
  dev_t device[MEMORY_FILES_MOST];
  ino_t inode[MEMORY_FILES_MOST];
  size_t file_count, descriptors;
};

static unsigned long long kilobytes(const char *status, const char *field) {
  const char *line = strstr(status, field);
  return line == NULL ? 0 : strtoull(line + strlen(field), NULL, 10);
}

static void add_status(struct look *look, int proc, const char *pid) {
  char path[300], status[4096];
  snprintf(path, sizeof path, "%s/status", pid);
  int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t n = read(fd, status, sizeof status - 1);
  close(fd);
  if (n <= 0) return;
  status[n] = '\0';
  look->own += (kilobytes(status, "\nRssAnon:") + kilobytes(status, "\nVmSwap:")) * 1024;
  look->mapped += kilobytes(status, "\nRssShmem:") * 1024;
}

static void add_file(struct look *look, const struct stat *file) {
  for (size_t i = 0; i < look->file_count; i++) {
    if (look->inode[i] == file->st_ino && look->device[i] == file->st_dev) return;
  }
  if (look->file_count == MEMORY_FILES_MOST) return;
  look->device[look->file_count] = file->st_dev;
  look->inode[look->file_count++] = file->st_ino;
  look->files += (unsigned long long)file->st_blocks * 512;
}

// A memfd need not be mapped to hold memory.
static void add_memory_files(struct look *look, int proc, const char *pid) {
  char path[300], target[16];
  snprintf(path, sizeof path, "%s/fd", pid);
  int fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = fd < 0 ? NULL : fdopendir(fd);
  if (folder == NULL) return;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL && look->descriptors < DESCRIPTORS_MOST;) {
    look->descriptors++;
    ssize_t n = readlinkat(fd, entry->d_name, target, sizeof target);
    struct stat file;
    if (n >= 7 && memcmp(target, "/memfd:", 7) == 0 && fstatat(fd, entry->d_name, &file, 0) == 0) add_file(look, &file);
  }
  closedir(folder);
}

// What no descriptor and no mapping need hold: files in /dev/shm, and System V segments of this IPC namespace.
static unsigned long long kept(void) {
  struct statfs shared;
  struct shm_info segments;
  unsigned long long sum = 0;
  if (statfs("/dev/shm", &shared) == 0) sum += (unsigned long long)(shared.f_blocks - shared.f_bfree) * (unsigned long long)shared.f_bsize;
  if (shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&segments) >= 0) {
    sum += (unsigned long long)(segments.shm_rss + segments.shm_swp) * (unsigned long long)sysconf(_SC_PAGESIZE);
  }
  return sum;
}

unsigned long long memory_in_use(int proc) {
  int folder_fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = folder_fd < 0 ? NULL : fdopendir(folder_fd);
  if (folder == NULL) return 0;
  static struct look look;
  look.own = look.mapped = look.files = 0;
  look.file_count = look.descriptors = 0;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    add_status(&look, proc, entry->d_name);
    add_memory_files(&look, proc, entry->d_name);
  }
  closedir(folder);
  // Most of what is kept is mapped as well, so the larger of the two; the sum would end honest programs at half their limit.
  unsigned long long stored = look.files + kept();
  return look.own + (look.mapped > stored ? look.mapped : stored);
}
