// The flight recorder (SAND-8): one process beside the fence that is told by seccomp of every exec, connection, bind and change of a name
// or file, writes the event down and then lets the call go on. It observes and never gates: between its look and the kernel's own reading
// another thread of the caller can change the text (docs/recorder.md). What it cannot write down does not happen: it answers after the
// line is out, waits while its reader is slow, and without it trapped calls fail with ENOSYS.
//
// It stands outside of the command's pid and user namespaces, in its mount namespace, without capabilities, not dumpable. One process
// serves the first command and all further ones: each sends the listener of its own filter through the intake.
//
// Lines on FD_RECORD, fields percent-encoded, a space between (core/sandbox/recorder.ts):
//   exec PID US PARENT EXE SCRIPT CWD COUNT CUT ARGUMENT...
//   fork PID US PARENT EXE                 a process without an exec of its own, at its first event
//   exit PID US CODE|- SIGNAL|- PROBES
//   write PID US OPERATION OUTCOME RESOLVED PATH [TO]     read PID US OUTCOME RESOLVED PATH
//   connect|send|bind PID US OUTCOME FAMILY NAME [PORT]
//   lost COUNT                             ends of processes that cannot be told
//   end                                    everything is said
// PID is the command's own number for it; US are microseconds of CLOCK_MONOTONIC.
#ifndef RINGFENCE_RECORD_H
#define RINGFENCE_RECORD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "record_process.h"

struct guard;

struct recorder {
  int proc_fd;  // O_PATH of /proc of the recorder's own pid namespace
  int stream;   // FD_RECORD
  int ends;     // epoll of the processes' pidfds
  struct guard *guard;  // of a `direct` workspace: it answers what could change a protected path, and each of its answers is told; or NULL
  // Held from the first word about a process to the last byte of its line: lines stand in the order of the acts of each process.
  pthread_mutex_t lock;
  struct process_table processes;
  bool exit_info;    // since kernel 6.15 a pidfd tells how its process ended, once it is reaped
};

// Becomes the recorder. Never returns: ends when INTAKE is closed and everything that was recorded has ended.
_Noreturn void record_run(struct recorder *recorder, int intake);

#endif
