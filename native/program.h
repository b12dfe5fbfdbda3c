// The helper's program: what `core/sandbox/program.ts` wrote, as records of an operation and its arguments.
// A record is netstrings: the number of strings, then the strings (`1:2,4:port,4:3128,`). Binary-safe; nothing is guessed.
#ifndef RINGFENCE_PROGRAM_H
#define RINGFENCE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

// One string of the program: not counted by NUL, but always followed by one, so that text can be used as it is.
struct text {
  char *bytes;
  size_t length;
};

// A list of C strings, ended by NULL.
struct list {
  char **items;
  size_t count;
};

// The program, sorted by what it says. Paths and texts hold no NUL: such a program is refused.
struct program {
  struct record {
    struct text *strings;
    size_t count;
  } *steps;  // the view: operations in their order (file, overlay, whiteout, cover, protect, …)
  size_t step_count;
  struct list argv, env, guard_names, guard_except, ports, turned, addresses;
  struct list readable, writable;  // for Landlock (landlock.h): what the view shows, and what of it may be written
  bool landlock_required;  // no run without it
  char *root, *cwd, *search;  // workspace root; working directory; PATH for finding the command
  struct text seccomp;
  unsigned uid, gid;
  bool tty[3];
  bool guard, reverse;
  bool engine;  // the command is an engine (engine.h)
  bool machine;  // the command is a virtual machine (machine.h), which serves the view
  struct list engine_signal;  // what takes a signal to the agent in it: a command, to be followed by the number
  bool record, record_reads;  // the flight recorder; also opens for reading
  int past_fd;  // set by the helper (guard_start.h), not by the program
  unsigned bridge_port;
  bool preface, turn, anyip, turn_all;  // of the bridge (bridge.h)
  unsigned open_files, processors;  // most descriptors of one process; pinned to so many processors. 0: as they are
  unsigned long long pids, file_size, memory;
  unsigned long long past_bytes;  // most bytes of before-images of a `direct` workspace; 0: none are kept
};

// Parses SIZE bytes in place. False, with *why set, on anything that is not exactly a known program. Pure.
bool parse_program(char *bytes, size_t size, struct program *program, const char **why);

// Frees what parse_program made (not the bytes).
void free_program(struct program *program);

#endif
