// The recorder's trapping filter, loaded by the command before its main one.
#ifndef RINGFENCE_RECORD_FILTER_H
#define RINGFENCE_RECORD_FILTER_H

#include <stdbool.h>

// In the command child: loads the filter and hands its listener to the recorder at the other end of SOCKET. READS: opens for reading trap too.
// 0, or -1 with errno: then the command must not start.
int record_install(int socket, bool reads);

#endif
