// The digest of a tree: names, kinds, modes, times, contents, links, extended attributes of users, which names are one file. Two trees with the same
// digest are the same to whoever mounts or reads them.
#ifndef RINGFENCE_DIGEST_H
#define RINGFENCE_DIGEST_H

#include <stdbool.h>

// Of the tree at PATH, as hexadecimal digits. False, told on standard error, when it cannot be read whole.
bool digest_tree(const char *path, char hex[65]);

#endif
