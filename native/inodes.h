// A set of inodes, each with the number it came in with: for files that have several names.
#ifndef RINGFENCE_INODES_H
#define RINGFENCE_INODES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct inodes {
  struct inode {
    dev_t device;
    ino_t number;
    size_t order;  // from 1; 0 is a free place
  } *places;
  size_t count, room;
};

// True when this inode was seen before. Either way *order is its number, counted from 1; a new one is added.
bool inodes_find(struct inodes *set, const struct stat *found, size_t *order);

#endif
