// The agent's own place in the guest of a virtual machine (machine.h): a pid namespace, so that nothing of it outlives the command, and a user without
// any capability under the session's filter.
#ifndef RINGFENCE_MACHINE_AGENT_H
#define RINGFENCE_MACHINE_AGENT_H

#include <sys/types.h>

// Where the view is, before it becomes the root.
#define MACHINE_VIEW "/root"

// What the guest is told of the session.
struct machine_facts {
  unsigned uid, gid;
  unsigned proxy;  // 0: closed
  unsigned ports;
  unsigned long long processes, file_size;  // 0: no limit
};

struct machine_agent {
  pid_t process;   // of the namespace's first process, which ends as the command did
  int streams[3];  // our ends
  int orders;      // bytes: first any, upon which the command starts; then the numbers of signals
};

// Before any thread is there. Everything is ready, and the command waits for the first order.
struct machine_agent machine_start(const struct machine_facts *facts);

// Tells the host that nothing can run, and why. Of process 1.
_Noreturn void machine_refuse(const char *what);

#endif
