// The command itself: the last steps before its exec, in the order that each needs.
#ifndef RINGFENCE_COMMAND_H
#define RINGFENCE_COMMAND_H

#include "program.h"

// What the command gets from its makers. Descriptors are closed or replaced before the exec.
struct command {
  const struct program *program;
  int streams[3];     // become 0, 1, 2
  int terminal;       // slave of the private pty, to become the controlling terminal, or -1
  int settings;       // for an engine: O_PATH of /proc/sys before it became read-only; not for a further command
  int user;           // for an engine: the first command's user namespace, which a further command joins; or -1: make it
  int guard;          // the guard's socket (guard.h), when the program has a guard
  int recorder;       // the recorder's socket (record_filter.h), when the program is recorded
  int spawner;        // only in the first: process 1's end of its channel (spawn.h), or -1
  int report;         // SOCK_SEQPACKET to the outer helper: 'R' ready, then an answer is awaited; 'X' + errno when exec failed
};

// Never returns: becomes the command, or reports why not.
_Noreturn void become_command(const struct command *command);

#endif
