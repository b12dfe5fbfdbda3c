// The helper's pure parts under ASAN and UBSAN.
//   pure-main filter [SIZE]   stdin through the escape filter, SIZE bytes at a time (default: all), then the undo of modes
//   pure-main pause           what goes out after stdin when somebody else draws for a while: the modes off, `|`, the modes on again
//   pure-main fuzz SEED       random programs and random terminal output; the filter's law is checked: the split does not matter
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../native/escape.h"
#include "../../../native/program.h"
#include "../../../native/request.h"

static uint32_t state;
static uint32_t draw(void) { return state = state * 1664525u + 1013904223u, state >> 8; }

static size_t filter(const uint8_t *in, size_t size, size_t step, uint8_t *out) {
  struct escape escape;
  escape_start(&escape);
  size_t used = 0;
  for (size_t at = 0; at < size; at += step) {
    size_t n = size - at < step ? size - at : step;
    uint8_t *exact = malloc(n + ESCAPE_HELD), *copy = malloc(n);  // so that ASAN sees one byte too many
    memcpy(copy, in + at, n);
    size_t got = escape_feed(&escape, copy, n, exact);
    memcpy(out + used, exact, got);
    used += got;
    free(exact);
    free(copy);
  }
  uint8_t end[256];
  size_t undo = escape_end(&escape, end);
  memcpy(out + used, end, undo);
  return used + undo;
}

static size_t pause_and_again(const uint8_t *in, size_t size, uint8_t *out) {
  struct escape escape;
  escape_start(&escape);
  uint8_t *seen = malloc(size + ESCAPE_HELD), *exact = malloc(256);  // so that ASAN sees one byte too many
  (void)escape_feed(&escape, in, size, seen);
  size_t used = escape_pause(&escape, exact);
  memcpy(out, exact, used);
  out[used++] = '|';
  size_t again = escape_again(&escape, exact);
  memcpy(out + used, exact, again);
  free(seen);
  free(exact);
  return used + again;
}

static void fuzz(void) {
  static const char *const words[] = {"\033[", "\033]", "\033]52;c;", "\033P", "\033\\", "\a", "\033[?1049h", "\033]8;;http://x\a", "\302\233", "\233", ";", "1", "?", "$", "t", "h", "\033", "\030", "\342\202\254", "\360\237\230\200", "n", "\033X"};
  uint8_t in[6000], whole[20000], parts[20000];
  size_t size = 0;
  while (size < 5000 && draw() % 500 != 0) {
    const char *word = words[draw() % (sizeof words / sizeof *words)];
    if (draw() % 3 == 0) in[size++] = (uint8_t)draw();
    else memcpy(in + size, word, strlen(word)), size += strlen(word);
  }
  size_t a = filter(in, size, size == 0 ? 1 : size, whole), b = filter(in, size, 1 + draw() % 7, parts);
  if (a != b || memcmp(whole, parts, a) != 0) abort();
  (void)pause_and_again(in, size, parts);

  size_t length = draw() % 300;
  char *program = malloc(length + 1);
  static const char *const pieces[] = {"2:", "1:2,", "3:arg,", "1:x,", "9999999:", "7:seccomp,", ",", ":", "0:,", "4:user,", "1:3,", "4:1000,", "8:overlay,"};
  for (size_t at = 0; at < length;) {
    const char *piece = pieces[draw() % (sizeof pieces / sizeof *pieces)];
    for (; *piece != 0 && at < length; piece++) program[at++] = *piece;
  }
  struct program parsed;
  const char *why;
  (void)parse_program(program, length, &parsed, &why);
  free_program(&parsed);
  free(program);

  // A request is parsed in place: from the same pieces, with its own words among them.
  static const char *const wishes[] = {"1:2,", "3:arg,", "3:env,", "3:cwd,", "3:tty,", "3:a=b,", "2:/w,", "1:x,", "1:1,", "0:,", "9:", ",", "1:\0,"};
  length = draw() % 200;
  char *wish = malloc(length + 1);
  for (size_t at = 0; at < length;) {
    const char *piece = wishes[draw() % (sizeof wishes / sizeof *wishes)];
    for (; *piece != 0 && at < length; piece++) wish[at++] = *piece;
  }
  struct request request;
  if (parse_request(wish, length, &request) && (request.argv.count == 0 || request.cwd[0] != '/')) abort();
  free_request(&request);
  free(wish);
}

int main(int count, char **arguments) {
  if (count > 2 && strcmp(arguments[1], "fuzz") == 0) {
    state = (uint32_t)strtoul(arguments[2], NULL, 10);
    for (int i = 0; i < 20000; i++) fuzz();
    return 0;
  }
  static uint8_t in[1 << 20], out[(1 << 20) + 65536];
  size_t size = fread(in, 1, sizeof in, stdin);
  bool pause = count > 1 && strcmp(arguments[1], "pause") == 0;
  size_t used = pause ? pause_and_again(in, size, out) : filter(in, size, count > 2 ? strtoul(arguments[2], NULL, 10) : size + 1, out);
  return fwrite(out, 1, used, stdout) == used ? 0 : 1;
}
