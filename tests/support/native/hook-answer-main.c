// The hook client's parser of answers under ASAN and UBSAN. Each case on standard input is a four-byte length (little endian) and so many bytes; each
// answer on standard output is a line: `bad`, `more`, or CODE OUT-LENGTH COMPLAINT-LENGTH.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../native/hook_answer.h"

int main(void) {
  uint32_t length;
  while (fread(&length, sizeof length, 1, stdin) == 1) {
    char *exact = malloc(length == 0 ? 1 : length);  // so that ASAN sees one byte too many
    if (fread(exact, 1, length, stdin) != length) return 1;
    size_t waits = waits_in(exact, length);
    struct answer answer;
    enum answer_state state = length == waits ? ANSWER_MORE : parse_answer(exact + waits, length - waits, &answer);
    if (state == ANSWER_BAD) puts("bad");
    else if (state == ANSWER_MORE) puts("more");
    else printf("%d %zu %zu\n", answer.code, answer.out_length, answer.complaint_length);
    free(exact);
  }
  return 0;
}
