// One line of the recorder while it is put together. Everything that comes from a caller is percent-encoded, so that it stays one field.
#ifndef RINGFENCE_RECORD_LINE_H
#define RINGFENCE_RECORD_LINE_H

#include <stdbool.h>
#include <stddef.h>

// Room for three paths and the arguments of an exec, each byte as three characters.
enum { LINE_MOST = 1 << 16 };

struct line {
  size_t used;
  char bytes[LINE_MOST];
};

void line_begin(struct line *line, const char *word);
void line_word(struct line *line, const char *word);       // one that needs no encoding
void line_number(struct line *line, unsigned long long number);
void line_text(struct line *line, const char *text, size_t length);

// Now, as every event says it.
unsigned long long line_clock(void);

// Writes it out and waits as long as that takes. Without a reader this process ends: what cannot be written down must not happen.
void line_send(struct line *line, int stream);

#endif
