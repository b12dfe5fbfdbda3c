// Measuring a tree in use (measure.h).
#define _GNU_SOURCE
#include "measure.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inodes.h"
#include "tree.h"
#include "unlinked.h"

struct sum {
  unsigned long long bytes, files, bytes_most, files_most;
  struct inodes seen;
};

static void add(struct sum *sum, const struct stat *found) {
  sum->files++;
  sum->bytes += (unsigned long long)found->st_blocks * 512;
}

static bool add_entry(void *with, const struct entry *entry) {
  struct sum *sum = with;
  size_t unused;
  if (entry->step == LEFT) return true;
  if (entry->step == SINGLE && entry->found.st_nlink > 1 && inodes_find(&sum->seen, &entry->found, &unused)) return true;
  add(sum, &entry->found);
  return sum->bytes <= sum->bytes_most && sum->files <= sum->files_most;
}

static void add_unlinked(void *with, const struct stat *file) {
  struct sum *sum = with;
  size_t unused;
  if (!inodes_find(&sum->seen, file, &unused)) add(sum, file);
}

// `BYTES FILES PID PATH...`. Becomes the owner of everything in it, so a process measures once.
static void measure(char **arguments) {
  static struct sum sum;
  sum.bytes_most = strtoull(arguments[0], NULL, 10);
  sum.files_most = strtoull(arguments[1], NULL, 10);
  pid_t top = atoi(arguments[2]);
  // Before the user namespace, from which the session's processes cannot be looked into.
  if (top > 0) each_unlinked(top, add_unlinked, &sum);
  become_owner();
  for (char **path = arguments + 3; *path != NULL; path++) {
    int top = open(*path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct walk walk = {.visit = add_entry, .with = &sum, .lenient = true};
    if (top >= 0 && !walk_tree(top, &walk)) break;
  }
  printf("%llu %llu\n", sum.bytes, sum.files);
}

// The words of one request, with NULL behind them.
struct request {
  char **words;
  size_t count, room;
};

static void add_word(struct request *request, char *word) {
  if (request->count == request->room) {
    request->room = request->room == 0 ? 64 : request->room * 2;
    request->words = reallocarray(request->words, request->room, sizeof *request->words);
    if (request->words == NULL) abort();
  }
  request->words[request->count++] = word;
}

static void forget_words(struct request *request) {
  while (request->count > 0) free(request->words[--request->count]);
}

// False at the end of them all, and where one is cut.
static bool next_request(struct request *request) {
  forget_words(request);
  for (;;) {
    char *word = NULL;
    size_t room = 0;
    ssize_t length = getdelim(&word, &room, '\0', stdin);
    if (length <= 0 || word[length - 1] != '\0') return false;
    if (*word != '\0') {
      add_word(request, word);
      continue;
    }
    free(word);
    if (request->count < 3) return false;
    add_word(request, NULL);
    return true;
  }
}

int run_measure(void) {
  struct request request = {0};
  while (next_request(&request)) {
    pid_t child = fork();
    if (child == 0) {
      measure(request.words);
      fflush(stdout);
      _exit(0);
    }
    int status = 1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
      puts("");
      fflush(stdout);
    }
  }
  return 0;
}
