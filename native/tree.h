// A walk over a tree that somebody hostile filled: by descriptors, without recursion, no link followed, no other file system entered.
#ifndef RINGFENCE_TREE_H
#define RINGFENCE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

// One step of the walk. The top folder itself is entered and left too, with the name "".
struct entry {
  enum { ENTERED, LEFT, SINGLE } step;  // a folder before and after its contents; anything else
  const char *name;
  int parent;  // the folder that holds NAME; -1 for the top
  int folder;  // the folder itself, open for reading; -1 for SINGLE
  size_t depth;
  struct stat found;
};

// How a walk is done.
struct walk {
  // False ends the walk; the visitor has said why.
  bool (*visit)(void *with, const struct entry *entry);
  void *with;
  bool sorted;   // the names of each folder in the order of their bytes
  bool lenient;  // the tree is in use: what vanished or cannot be opened is passed over. Else it ends the walk
};

// Walks below TOP, which is closed. False when the visitor ended it, or (told on standard error, by name) something could not be read.
bool walk_tree(int top, const struct walk *walk);

// `ringfence-helper: WHAT `NAME`: errno` on standard error; always false.
bool tree_complaint(const char *what, const char *name);

// Lets an ordinary user read what is theirs and closed even to them (mode 000): root of a user namespace of this process's own. What cannot be had is
// done without.
void become_owner(void);

#endif
