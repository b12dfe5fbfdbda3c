// The monitor's answer on the wire: any number of `wait` lines while a person is asked, then `EXIT STDOUT-LENGTH STDERR-LENGTH`, newline, the bytes,
// and the end of the stream. Parsing is pure; whatever is not exactly that is no answer (src/monitor/guard/hook-wire.ts is the other side).
#ifndef RINGFENCE_HOOK_ANSWER_H
#define RINGFENCE_HOOK_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

enum { ANSWER_MOST = 1 << 20 };

struct answer {
  int code;  // 0 or 2
  const char *out, *complaint;
  size_t out_length, complaint_length;
};

enum answer_state { ANSWER_MORE, ANSWER_WHOLE, ANSWER_BAD };

// Looks at everything received after the last `wait` line. WHOLE only with the last byte there and none behind it.
enum answer_state parse_answer(const char *bytes, size_t length, struct answer *answer);

// How many bytes at the front are whole `wait` lines.
size_t waits_in(const char *bytes, size_t length);

#endif
