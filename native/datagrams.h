// Datagrams to a Unix socket such as /dev/log, for `audit/export/syslog-line.ts`: Node has no call for one.
#ifndef RINGFENCE_DATAGRAMS_H
#define RINGFENCE_DATAGRAMS_H

// Reads messages from stdin, each as its length in digits, a space, and that many bytes, and sends each as one datagram to the socket at
// PATH, waiting while it is full. Returns 0 when all were taken, else 1 with the error's name on stderr: those before it were.
int run_datagrams(const char *path);

#endif
