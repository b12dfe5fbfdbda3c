// What a command's maker hears of it (inner.h): its messages with the sender's pid, and the exit code that its end stands for.
#ifndef RINGFENCE_REPORT_H
#define RINGFENCE_REPORT_H

#include <sys/types.h>

// One message of the report socket: its first byte, 0 at the end. SENDER is as seen from here; VALUE is what follows an 'X'.
char receive_report(int report, pid_t *sender, int *value);

// 126 or 127 when it could not be executed, its own code, or 128 and the signal.
int exit_code(int exec_error, int how);

#endif
