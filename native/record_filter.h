// The recorder's trapping filter, loaded by the command before its main one.
#ifndef RINGFENCE_RECORD_FILTER_H
#define RINGFENCE_RECORD_FILTER_H

#include <stdbool.h>

// How much traps.
struct record_wants {
  bool reads;  // opens for reading, too
  bool guard;  // a guard answers (guard.h): calls that it does not know must not pass it
};

// In the command child: loads the filter and hands its listener to the recorder at the other end of SOCKET.
// 0, or -1 with errno: then the command must not start.
int record_install(int socket, struct record_wants wants);

#endif
