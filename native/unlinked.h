// Files without a name that a session still holds: they take room on the disk, and no walk over its folders meets them.
#ifndef RINGFENCE_UNLINKED_H
#define RINGFENCE_UNLINKED_H

#include <sys/stat.h>
#include <sys/types.h>

// Calls FOUND for every file on a disk that has no name any more and is open in process TOP or below it; as root also for those that are only mapped.
// One that several hold is found several times. What is in flight in a socket is not seen, nor what lies beyond a million descriptors.
void each_unlinked(pid_t top, void (*found)(void *with, const struct stat *file), void *with);

#endif
