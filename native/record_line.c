// Lines of the recorder (record_line.h).
#define _GNU_SOURCE
#include "record_line.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "helper.h"

void line_begin(struct line *line, const char *word) {
  line->used = strlen(word);
  memcpy(line->bytes, word, line->used);
}

void line_word(struct line *line, const char *word) {
  size_t length = strlen(word);
  if (line->used + length + 2 > LINE_MOST) return;
  line->bytes[line->used++] = ' ';
  memcpy(line->bytes + line->used, word, length);
  line->used += length;
}

void line_number(struct line *line, unsigned long long number) {
  char text[24];
  snprintf(text, sizeof text, "%llu", number);
  line_word(line, text);
}

void line_text(struct line *line, const char *text, size_t length) {
  static const char hex[] = "0123456789abcdef";
  if (line->used + 2 > LINE_MOST) return;
  line->bytes[line->used++] = ' ';
  for (size_t i = 0; i < length && line->used + 4 <= LINE_MOST; i++) {
    unsigned char byte = (unsigned char)text[i];
    if (byte > ' ' && byte < 0x7f && byte != '%') {
      line->bytes[line->used++] = (char)byte;
      continue;
    }
    line->bytes[line->used++] = '%';
    line->bytes[line->used++] = hex[byte >> 4];
    line->bytes[line->used++] = hex[byte & 15];
  }
}

unsigned long long line_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (unsigned long long)now.tv_sec * 1000000ULL + (unsigned long long)now.tv_nsec / 1000;
}

void line_send(struct line *line, int stream) {
  line->bytes[line->used++] = '\n';
  if (!write_all(stream, line->bytes, line->used)) _exit(1);
}
