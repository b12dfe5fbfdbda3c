// The sieve (name_filter.h). A large workspace has a hundred thousand names, so a pair of bytes decides for most of them.
#include "name_filter.h"

#include <stdint.h>
#include <string.h>

enum { LONGEST = 255 };

static struct {
  char **words, **places;
  uint8_t pairs[(1 << 16) / 8];  // of the words' first two bytes
} filter;

static unsigned pair_of(const char *text) { return (unsigned)(unsigned char)text[0] << 8 | (unsigned char)text[1]; }

void filter_begin(char **words) {
  filter.words = filter.places = words;
  for (; *filter.places != NULL && strcmp(*filter.places, "--") != 0; filter.places++) {
    unsigned pair = pair_of(*filter.places);
    filter.pairs[pair / 8] |= (uint8_t)(1u << pair % 8);
  }
}

// Lower case in `folded`; false for a name that other file systems may read in another way (PLAIN in core/paths/protected.ts).
static bool fold(const char *name, char folded[LONGEST + 1]) {
  size_t size = strlen(name);
  if (size == 0 || size > LONGEST || name[size - 1] == '.') return false;
  for (size_t i = 0; i <= size; i++) {
    char c = name[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
    else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-' || i == size)) return false;
    folded[i] = c;
  }
  return true;
}

static bool is_word_at(const char *text) {
  for (char **word = filter.words; *word != NULL && strcmp(*word, "--") != 0; word++) {
    if (strncmp(text, *word, strlen(*word)) == 0) return true;
  }
  return false;
}

bool is_worth_a_look(const char *name) {
  char folded[LONGEST + 1];
  if (!fold(name, folded)) return true;
  for (const char *at = folded; *at != '\0'; at++) {
    unsigned pair = pair_of(at);
    if ((filter.pairs[pair / 8] >> pair % 8 & 1) != 0 && is_word_at(at)) return true;
  }
  return false;
}

bool is_secret_place(const char *name) {
  char folded[LONGEST + 1];
  if (!fold(name, folded)) return true;
  for (char **place = filter.places; *place != NULL; place++) {
    if (strcmp(folded, *place) == 0) return true;
  }
  return false;
}
