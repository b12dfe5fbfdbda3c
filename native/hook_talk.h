// One exchange with the monitor: the call goes out, the answer comes in, and every silence has a bound.
#ifndef RINGFENCE_HOOK_TALK_H
#define RINGFENCE_HOOK_TALK_H

#include <stddef.h>

#include "hook_answer.h"

// What is said of a call before its input.
struct call {
  const char *agent, *cwd;
  const char *path;  // PATH, or NULL
  const char *input;
  size_t input_length;
};

// Sends CALL and returns the whole answer, which points into memory that is never freed. Refuses on anything else.
struct answer ask_monitor(int fd, const struct call *call);

#endif
