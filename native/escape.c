// The escape filter's state machine (escape.h), after ECMA-48 and xterm's control sequences.
#include "escape.h"

#include <stdio.h>
#include <string.h>

enum { GROUND, UTF8, ESCAPE, ESCAPE_MORE, CSI, OSC, STRING };

enum { BEL = 0x07, CAN = 0x18, SUB = 0x1a, ESC = 0x1b };

void escape_start(struct escape *escape) { memset(escape, 0, sizeof *escape); }

static void hold(struct escape *e, uint8_t byte) {
  if (e->length < ESCAPE_HELD) e->held[e->length++] = byte;
  else e->overflow = true;
}

static void restart(struct escape *e, uint8_t state) {
  e->state = state;
  e->length = 0;
  e->utf8_left = 0;
  e->overflow = false;
}

// The held bytes go out. Every sequence ends here or is dropped by `restart`.
static size_t release(struct escape *e, uint8_t *out) {
  size_t length = e->overflow ? 0 : e->length;
  memcpy(out, e->held, length);
  restart(e, GROUND);
  return length;
}

// A sequence of numbers separated by `;` (and `:`), after an optional private mark `<=>?`.
struct parameters {
  uint8_t mark;
  int values[16];
  int count;
};

static bool read_parameters(const uint8_t *at, const uint8_t *end, struct parameters *p) {
  memset(p, 0, sizeof *p);
  if (at < end && *at >= '<' && *at <= '?') p->mark = *at++;
  p->count = 1;
  for (; at < end; at++) {
    if (*at >= '0' && *at <= '9') {
      int *value = &p->values[p->count - 1];
      if (*value < 100000) *value = *value * 10 + (*at - '0');
    } else if (*at == ';' || *at == ':') {
      if (p->count == 16) return true;  // colours may be long; nothing that is judged has this many
      p->count++;
    } else {
      return false;  // a private mark in the middle: terminals disagree
    }
  }
  return true;
}

static bool one_of(int value, const int *list) {
  for (; *list >= 0; list++) {
    if (value == *list) return true;
  }
  return false;
}

static const int mouse[] = {9, 1000, 1002, 1003, 1005, 1006, 1015, 1016, -1};

static void set_mouse(struct escape *e, int mode, bool on) {
  for (int i = 0; mouse[i] >= 0; i++) {
    if (mouse[i] != mode) continue;
    e->mouse = (uint8_t)(on ? e->mouse | 1u << i : e->mouse & ~(1u << i));
  }
}

// Modes that lock the keyboard, resize the window, start a log, leave for Tektronix or wait for an answer are refused.
static bool mode_allowed(struct escape *e, const struct parameters *p, bool on) {
  static const int refused[] = {2, 3, 18, 19, 38, 40, 46, 95, 1001, -1};
  static const int alternate[] = {47, 1047, 1049, -1};
  for (int i = 0; i < p->count; i++) {
    int mode = p->values[i];
    if (p->mark == 0) {
      if (mode != 4 && mode != 20) return false;
      if (mode == 4) e->insert = on;
      continue;
    }
    if (one_of(mode, refused)) return false;
    set_mouse(e, mode, on);
    if (one_of(mode, alternate)) e->alternate = on ? (uint16_t)mode : 0;
    if (mode == 1) e->keys_application = on;
    if (mode == 7) e->no_wrap = !on;
    if (mode == 25) e->cursor_hidden = !on;
    if (mode == 66) e->keypad = on;
    if (mode == 1004) e->focus = on;
    if (mode == 2004) e->paste = on;
    if (mode == 2026) e->synchronized = on;
  }
  return true;
}

// CSI with an intermediate byte: only cursor shape, scrolling sideways, soft reset, selective erase, and mode queries.
static bool intermediate_allowed(const struct parameters *p, uint8_t between, uint8_t final) {
  switch (between) {
    case ' ': return p->mark == 0 && (final == 'q' || final == '@' || final == 'A');
    case '!': return p->mark == 0 && final == 'p';
    case '"': return p->mark == 0 && final == 'q';
    case '$': return (p->mark == 0 || p->mark == '?') && final == 'p';
    default: return false;  // rectangles and their checksums (they read the screen), locators, printers
  }
}

static bool report_allowed(const struct parameters *p) {
  static const int plain[] = {5, 6, -1}, private[] = {6, 996, -1};
  if (p->mark == 0) return one_of(p->values[0], plain);
  return (p->mark == '?' && one_of(p->values[0], private)) || p->mark == '>';
}

// CSI … final, held from ESC to the final byte.
static bool csi_allowed(struct escape *e) {
  uint8_t final = e->held[e->length - 1], between = 0;
  const uint8_t *start = e->held + 2, *end = e->held + e->length - 1;
  while (end > start && end[-1] >= 0x20 && end[-1] <= 0x2f) {
    if (between != 0) return false;  // nothing known has two
    between = *--end;
  }
  struct parameters p;
  if (!read_parameters(start, end, &p)) return false;
  if (between != 0) return intermediate_allowed(&p, between, final);
  switch (final) {
    case 'h': case 'l': return (p.mark == 0 || p.mark == '?') && mode_allowed(e, &p, final == 'h');
    case 's': case 'r': return p.mark == 0 || p.mark == '?';  // cursor, margins, saving and restoring of modes
    case 'c': return p.mark == 0 || p.mark == '>' || p.mark == '=';
    case 'n': return report_allowed(&p);
    case 'u':  // cursor, or the kitty keyboard protocol
      if (p.mark == '>') e->kitty_depth++;
      if (p.mark == '<') e->kitty_depth -= p.values[0] > 0 ? p.values[0] : 1;
      if (p.mark == '=') e->kitty_depth = e->kitty_depth > 0 ? e->kitty_depth : 1;
      if (e->kitty_depth < 0) e->kitty_depth = 0;
      return true;
    case 'm':
      if (p.mark == '>') e->other_keys = (uint8_t)(p.values[0] == 4 && p.count > 1 && p.values[1] > 0 && p.values[1] < 10 ? p.values[1] : 0);
      return p.mark == 0 || p.mark == '>' || p.mark == '?';
    case 'q': return p.mark == '>';  // XTVERSION
    case 't': return p.mark == 0 && p.count == 1 && (p.values[0] == 14 || p.values[0] == 16 || p.values[0] == 18);
    case 'T': return p.mark == 0 && p.count == 1;  // with five parameters: mouse highlighting that waits for an answer
    case 'J': case 'K': return p.mark == 0 || p.mark == '?';
    case 'p': return p.mark == '>';  // pointer shape
    case '@': case '`': case 'a': case 'b': case 'd': case 'e': case 'f': case 'g':
    case 'A': case 'B': case 'C': case 'D': case 'E': case 'F': case 'G': case 'H': case 'I': case 'L': case 'M':
    case 'P': case 'S': case 'X': case 'Z':
      return p.mark == 0;
    default: return false;
  }
}

// OSC: hyperlinks, and the questions for the foreground, background and cursor colours with their resets. No more.
static bool osc_allowed(const struct escape *e, size_t end) {
  const uint8_t *text = e->held + 2;
  size_t length = end - 2;
  static const char *const exact[] = {"10;?", "11;?", "12;?", "104", "110", "111", "112"};
  for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
    if (length == strlen(exact[i]) && memcmp(text, exact[i], length) == 0) return true;
  }
  if (length < 3 || memcmp(text, "8;", 2) != 0) return false;
  const uint8_t *address = memchr(text + 2, ';', length - 2);
  if (address++ == NULL) return false;
  size_t left = (size_t)(text + length - address);
  // A link that opens something other than a page is a button that runs something.
  return left == 0 || (left > 7 && memcmp(address, "http://", 7) == 0) || (left > 8 && memcmp(address, "https://", 8) == 0);
}

// ESC followed by one byte (after intermediates, if any, which are held).
static bool escape_allowed(struct escape *e) {
  uint8_t first = e->held[1], final = e->held[e->length - 1];
  if (e->length == 3) {
    if (first == '(') e->drawing = final == '0';
    return strchr("()*+-./", first) != NULL || (first == '#' && strchr("34568", final) != NULL);
  }
  if (e->length != 2) return false;
  if (final == '=' || final == '>') e->keypad = final == '=';
  return strchr("78=>DEHMNOcZ\\no|}~", final) != NULL && final != '\0';
}

static size_t ground(struct escape *e, uint8_t byte, uint8_t *out) {
  restart(e, GROUND);
  if (byte == ESC) {
    restart(e, ESCAPE);
    hold(e, byte);
    return 0;
  }
  if (byte >= 0xc2 && byte <= 0xf4) {
    e->state = UTF8;
    e->utf8_left = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    hold(e, byte);
    return 0;
  }
  if (byte == 0x0e || byte == 0x0f) e->drawing = byte == 0x0e;
  // C0: only what moves the cursor or rings. 0x80–0x9f alone are C1 controls; 0xc0, 0xc1, 0xf5… are never UTF-8.
  bool good = byte >= 0x20 ? byte < 0x7f || (byte >= 0xa0 && byte < 0xc0) : byte >= 0x07 && byte <= 0x0f;
  if (!good) return 0;
  *out = byte;
  return 1;
}

static size_t step(struct escape *e, uint8_t byte, uint8_t *out);

static size_t utf8(struct escape *e, uint8_t byte, uint8_t *out) {
  if (byte < 0x80 || byte > 0xbf) return ground(e, byte, out);  // broken character: dropped, this byte starts anew
  hold(e, byte);
  if (--e->utf8_left > 0) return 0;
  const uint8_t a = e->held[0], b = e->held[1];
  bool control = a == 0xc2 && b < 0xa0;                         // C1 controls in UTF-8
  bool overlong = (a == 0xe0 && b < 0xa0) || (a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f) || (a == 0xed && b > 0x9f);
  if (control || overlong) {
    restart(e, GROUND);
    return 0;
  }
  return release(e, out);
}

static size_t after_escape(struct escape *e, uint8_t byte, uint8_t *out) {
  if (byte < 0x20 || byte >= 0x7f) return ground(e, byte, out);
  hold(e, byte);
  if (byte <= 0x2f) {
    e->state = ESCAPE_MORE;
    return 0;
  }
  if (e->state == ESCAPE) {
    if (byte == '[') return e->state = CSI, 0;
    if (byte == ']') return e->state = OSC, 0;
    if (memchr("P_^Xk", byte, 5) != NULL) return e->state = STRING, 0;  // DCS, APC, PM, SOS, screen's title
  }
  if (escape_allowed(e)) return release(e, out);
  restart(e, GROUND);
  return 0;
}

static size_t csi(struct escape *e, uint8_t byte, uint8_t *out) {
  if (byte < 0x20 || byte >= 0x7f) return ground(e, byte, out);  // a control inside: the sequence is given up
  hold(e, byte);
  if (byte < 0x40) return 0;
  if (!e->overflow && csi_allowed(e)) return release(e, out);
  restart(e, GROUND);
  return 0;
}

// OSC and the strings that are swallowed whole, up to BEL (OSC only), ESC \, or an abort. The end is always written as ESC \.
static size_t string(struct escape *e, uint8_t byte, uint8_t *out) {
  bool after = e->length > 2 && e->held[e->length - 1] == ESC && !e->overflow;
  if (e->state == STRING) after = e->utf8_left == 1;
  bool ended = (after && byte == '\\') || (e->state == OSC && byte == BEL);
  if (ended) {
    size_t end = e->length - (after && e->state == OSC ? 1 : 0);
    if (e->state == OSC && !e->overflow && osc_allowed(e, end)) {
      e->length = end;
      hold(e, ESC);
      hold(e, '\\');
      return release(e, out);
    }
    restart(e, GROUND);
    return 0;
  }
  if (after) {  // ESC and something else: the string is over, and a new sequence has begun
    restart(e, ESCAPE);
    hold(e, ESC);
    return step(e, byte, out);
  }
  if (byte == CAN || byte == SUB) {
    restart(e, GROUND);
    return 0;
  }
  if (e->state == STRING) {
    e->utf8_left = byte == ESC;
    return 0;
  }
  if (byte == ESC && e->overflow) {  // too long to be held: swallowed like the others
    e->state = STRING;
    e->utf8_left = 1;
    return 0;
  }
  if ((byte < 0x20 && byte != ESC) || byte == 0x7f) e->overflow = true;
  if (byte >= 0x80 && byte < 0xa0) {
    // Part of a character in an address at most; a bare 0x9c would end the string for some terminals. Not worth the doubt.
    e->overflow = true;
  }
  hold(e, byte);
  return 0;
}

static size_t step(struct escape *e, uint8_t byte, uint8_t *out) {
  switch (e->state) {
    case UTF8: return utf8(e, byte, out);
    case ESCAPE: case ESCAPE_MORE: return after_escape(e, byte, out);
    case CSI: return csi(e, byte, out);
    case OSC: case STRING: return string(e, byte, out);
    default: return ground(e, byte, out);
  }
}

size_t escape_feed(struct escape *e, const uint8_t *in, size_t size, uint8_t *out) {
  size_t used = 0;
  for (size_t i = 0; i < size; i++) used += step(e, in[i], out + used);
  return used;
}

static size_t put(uint8_t *out, size_t used, const char *text) {
  size_t length = strlen(text);
  memcpy(out + used, text, length);
  return used + length;
}

// Switches off what is on. The keyboard protocol of kitty has a stack for each screen: for good it is emptied, for a while it gets one level more.
static size_t switch_off(const struct escape *e, uint8_t *out, bool for_good) {
  const struct {
    bool on;
    const char *off;
  } modes[] = {
      {e->synchronized, "\033[?2026l"}, {e->mouse != 0, "\033[?9l\033[?1000l\033[?1002l\033[?1003l\033[?1005l\033[?1006l\033[?1015l\033[?1016l"},
      {e->paste, "\033[?2004l"},        {e->focus, "\033[?1004l"},  {e->keys_application, "\033[?1l"}, {e->keypad, "\033>"},
      {e->other_keys != 0, "\033[>4m"}, {e->insert, "\033[4l"},     {e->no_wrap, "\033[?7h"},          {e->drawing, "\033(B\017"},
      {for_good && e->kitty_depth > 0, "\033[<9u"}, {e->alternate != 0, "\033[?1049l"}, {e->cursor_hidden, "\033[?25h"},
      {!for_good && e->kitty_depth > 0, "\033[>0u"},
  };
  size_t used = 0;
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    if (modes[i].on) used = put(out, used, modes[i].off);
  }
  return used > 0 ? put(out, used, "\033[m") : 0;
}

size_t escape_end(struct escape *e, uint8_t *out) {
  size_t used = switch_off(e, out, true);
  escape_start(e);
  return used;
}

size_t escape_pause(const struct escape *e, uint8_t *out) { return switch_off(e, out, false); }

size_t escape_again(const struct escape *e, uint8_t *out) {
  char text[32];
  size_t used = e->kitty_depth > 0 ? put(out, 0, "\033[<1u") : 0;
  const struct {
    int mode;
    bool on;
    char how;
  } modes[] = {{e->alternate, e->alternate != 0, 'h'}, {25, e->cursor_hidden, 'l'}, {1, e->keys_application, 'h'},
               {7, e->no_wrap, 'l'},                   {1004, e->focus, 'h'},       {2004, e->paste, 'h'}};
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    if (!modes[i].on) continue;
    snprintf(text, sizeof text, "\033[?%d%c", modes[i].mode, modes[i].how);
    used = put(out, used, text);
  }
  for (int i = 0; mouse[i] >= 0; i++) {
    if ((e->mouse >> i & 1) == 0) continue;
    snprintf(text, sizeof text, "\033[?%dh", mouse[i]);
    used = put(out, used, text);
  }
  if (e->keypad) used = put(out, used, "\033=");
  if (e->insert) used = put(out, used, "\033[4h");
  if (e->other_keys != 0) {
    snprintf(text, sizeof text, "\033[>4;%dm", e->other_keys);
    used = put(out, used, text);
  }
  return used;
}
