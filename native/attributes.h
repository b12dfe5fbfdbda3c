// What of a file is kept beside its content: its mode without the set-id bits, and its extended attributes of the `user.` family (overlayfs of an
// ordinary user keeps opaque folders there).
#ifndef RINGFENCE_ATTRIBUTES_H
#define RINGFENCE_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

// Set-user-ID is never kept; set-group-ID is a folder's business only.
#define KEPT_MODE(mode) ((mode) & ~(mode_t)(S_ISDIR(mode) ? S_ISUID : S_ISUID | S_ISGID))

// Calls TAKE for each, sorted by name. False, told on standard error, when one cannot be read. A file system without them has none.
bool each_attribute(int fd, void (*take)(void *with, const char *name, const void *value, size_t size), void *with);

// The attributes of FROM, also on TO.
bool copy_attributes(int from, int to);

#endif
