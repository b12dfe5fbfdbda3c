// Parsing an answer (hook_answer.h).
#include "hook_answer.h"

#include <string.h>

// `2 1048576 1048576\n` is the longest head.
enum { HEAD_MOST = 18, NUMBER_MOST = 7 };

size_t waits_in(const char *bytes, size_t length) {
  size_t used = 0;
  while (length - used >= 5 && memcmp(bytes + used, "wait\n", 5) == 0) used += 5;
  return used;
}

// Digits up to END; no sign, no leading zero, nothing else.
static bool number(const char **at, char end, size_t *value) {
  const char *from = *at;
  size_t sum = 0;
  for (; **at >= '0' && **at <= '9' && *at - from < NUMBER_MOST; (*at)++) sum = sum * 10 + (size_t)(**at - '0');
  size_t digits = (size_t)(*at - from);
  if (digits == 0 || (digits > 1 && *from == '0') || **at != end) return false;
  (*at)++;
  *value = sum;
  return sum <= ANSWER_MOST;
}

// A head can only be whole lines of digits, so half of one is told from rubbish at once.
static bool could_be_head(const char *bytes, size_t length) {
  if (length > HEAD_MOST) return false;
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] != ' ' && (bytes[i] < '0' || bytes[i] > '9')) return false;
  }
  return true;
}

enum answer_state parse_answer(const char *bytes, size_t length, struct answer *answer) {
  const char *end = memchr(bytes, '\n', length < HEAD_MOST + 1 ? length : HEAD_MOST + 1);
  if (end == NULL) {
    bool waiting = length < 5 && memcmp(bytes, "wait\n", length) == 0;
    return waiting || could_be_head(bytes, length) ? ANSWER_MORE : ANSWER_BAD;
  }
  const char *at = bytes;
  size_t code;
  if (!number(&at, ' ', &code) || (code != 0 && code != 2)) return ANSWER_BAD;
  if (!number(&at, ' ', &answer->out_length) || !number(&at, '\n', &answer->complaint_length)) return ANSWER_BAD;
  // Codex runs the call on a 2 that says nothing on standard error.
  if (code == 2 && answer->complaint_length == 0) return ANSWER_BAD;
  size_t wanted = answer->out_length + answer->complaint_length, have = length - (size_t)(at - bytes);
  answer->code = (int)code;
  answer->out = at;
  answer->complaint = at + answer->out_length;
  return have < wanted ? ANSWER_MORE : have == wanted ? ANSWER_WHOLE : ANSWER_BAD;
}
