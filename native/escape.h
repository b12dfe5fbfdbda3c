// The escape filter: what a command may say to a real terminal (DESIGN 8: clipboard, query and title escapes are filtered).
// A sequence is sent on only when it is complete and known to be harmless; it is held back until then, so a split at any
// byte changes nothing. Assumes a terminal in UTF-8 mode. Pure: bytes in, bytes out.
#ifndef RINGFENCE_ESCAPE_H
#define RINGFENCE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Longest sequence that is held; a longer one is swallowed. Fits a hyperlink (OSC 8) with a long address.
enum { ESCAPE_HELD = 4096 };

struct escape {
  uint8_t held[ESCAPE_HELD];
  size_t length;
  uint8_t state;
  uint8_t utf8_left;  // bytes missing of a character; in a swallowed string: the last byte was ESC
  bool overflow;
  // What the program switched on and did not switch off again.
  bool paste, focus, cursor_hidden, keys_application, keypad, insert, no_wrap, drawing, synchronized;
  uint16_t alternate;  // by which mode
  uint8_t mouse;       // a bit for each of its modes
  uint8_t other_keys;  // its value
  int kitty_depth;
};

void escape_start(struct escape *escape);

// Filters SIZE bytes into OUT, which has room for SIZE + ESCAPE_HELD. Returns the number of bytes written.
size_t escape_feed(struct escape *escape, const uint8_t *in, size_t size, uint8_t *out);

// Writes what undoes the modes left on (at most 256 bytes). Returns the number of bytes.
size_t escape_end(struct escape *escape, uint8_t *out);

// The same for a while, and back: somebody else draws on the terminal in between. At most 256 bytes each.
size_t escape_pause(const struct escape *escape, uint8_t *out);
size_t escape_again(const struct escape *escape, uint8_t *out);

#endif
