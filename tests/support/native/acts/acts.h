// Hostile acts, a table of them a file, and what they all need.
#ifndef RINGFENCE_TEST_ACTS_H
#define RINGFENCE_TEST_ACTS_H

#include <stdbool.h>
#include <stddef.h>

struct act {
  const char *name;
  int (*act)(void);  // 0, or an errno
};

#define ACT(name) {#name, name}

// Each ends with a NULL name.
extern const struct act host_acts[], network_acts[], kernel_acts[], inodes_acts[], inside_acts[];

// KEY=VALUE words of the command line, up to NULL.
extern char **settings;

// The VALUE of a key; ends the program where there is none.
const char *setting(const char *key);
int number(const char *key);

// 0, or errno where a call answered less.
int result(long value);

// Reads a few bytes of a file: 0, or an errno.
int read_at(const char *path);

// An act in a child of its own.
int child(int (*act)(void));

#endif
