// Reads /proc/PID/status of every process (watch.h).
#define _GNU_SOURCE
#include "watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned long long kilobytes(const char *status, const char *field) {
  const char *line = strstr(status, field);
  return line == NULL ? 0 : strtoull(line + strlen(field), NULL, 10);
}

unsigned long long memory_in_use(int proc) {
  int folder_fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = folder_fd < 0 ? NULL : fdopendir(folder_fd);
  if (folder == NULL) return 0;
  unsigned long long sum = 0;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    char path[300], status[4096];
    snprintf(path, sizeof path, "%s/status", entry->d_name);
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ssize_t n = read(fd, status, sizeof status - 1);
    close(fd);
    if (n <= 0) continue;
    status[n] = '\0';
    sum += kilobytes(status, "\nRssAnon:") + kilobytes(status, "\nRssShmem:") + kilobytes(status, "\nVmSwap:");
  }
  closedir(folder);
  return sum * 1024;
}
