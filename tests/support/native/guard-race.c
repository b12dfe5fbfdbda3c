// Races against the guard, for SECONDS: one thread swaps the memory of a path, one swaps links and folders, others open and write.
// Everything happens below the working directory, which holds .npmrc, .github/workflows, a and b.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int over;
static char memory[4096];  // flips between a harmless and a protected path of the same length

static void spoil(int fd) {
  if (fd < 0) return;
  (void)!write(fd, "evil", 4);
  close(fd);
}

static void *flip_memory(void *unused) {
  while (!over) {
    memcpy(memory, ".npmrc", 7);
    memcpy(memory, "a/npmr", 7);
  }
  return unused;
}

static void *open_memory(void *unused) {
  while (!over) spoil((int)syscall(SYS_openat, AT_FDCWD, memory, O_WRONLY | O_CREAT | O_TRUNC, 0644));
  return unused;
}

static void *flip_link(void *unused) {
  while (!over) {
    unlink("l");
    (void)!symlink("a", "l");
    unlink("l");
    (void)!symlink(".github/workflows", "l");
  }
  return unused;
}

static void *open_link(void *unused) {
  while (!over) spoil(open("l/ci.yml", O_WRONLY | O_CREAT | O_TRUNC, 0644));
  return unused;
}

static void *flip_folder(void *unused) {
  while (!over) {
    (void)!rename("x", ".github/actions");
    mkdir("x", 0755);
    (void)!rename(".github", "y");
    (void)!rename("x", ".github");
    (void)!rename(".github", "x");
    (void)!rename("y", ".github");
    rmdir("x");
  }
  return unused;
}

static void *fill_folder(void *unused) {
  while (!over) {
    mkdir("x/workflows", 0755);
    spoil(open("x/workflows/evil.yml", O_WRONLY | O_CREAT, 0644));
    unlink("x/workflows/evil.yml");
    rmdir("x/workflows");
  }
  return unused;
}

int main(int argc, char **argv) {
  void *(*const acts[])(void *) = {flip_memory, open_memory, flip_link, open_link, flip_folder, fill_folder, fill_folder};
  pthread_t threads[sizeof acts / sizeof acts[0]];
  for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) pthread_create(&threads[i], NULL, acts[i], NULL);
  sleep(argc > 1 ? (unsigned)atoi(argv[1]) : 2);
  over = 1;
  for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) pthread_join(threads[i], NULL);
  return 0;
}
