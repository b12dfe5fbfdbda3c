// What every service process beside the command (bridge, guard) does before it touches anything hostile.
#ifndef RINGFENCE_SERVICE_H
#define RINGFENCE_SERVICE_H

#include <stddef.h>

// Closes every descriptor except `keep` (negative entries are ignored; at most 256), dies with the parent, becomes non-dumpable, gives up
// all capabilities for good and sets the signals a service must survive. Returns 0, or -1 with errno: then exit.
int service_begin(const int *keep, size_t count);

// Raises the soft limit of open files to the hard one.
void service_raise_files(void);

#endif
