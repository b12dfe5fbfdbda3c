// The matcher of protected names: for each place, the list of patterns under way and how far each has come.
#define _GNU_SOURCE
#include "guard_names.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool parse_pattern(struct pattern *pattern, const char *text) {
  char *copy = strdup(text);
  if (copy == NULL) return false;
  bool literal = false;
  char *rest = copy;
  for (char *part = strsep(&rest, "/"); part != NULL; part = strsep(&rest, "/")) {
    if (*part == 0) continue;
    if (pattern->count == PATTERN_PARTS) return false;
    // A pattern that began with `*` would make every name of the tree a prefix of something protected.
    if (pattern->count == 0) literal = strcmp(part, "*") != 0;
    pattern->parts[pattern->count++] = part;
  }
  // `**` stands between two others.
  if (literal && strcmp(pattern->parts[pattern->count - 1], "**") == 0) return false;
  return literal;
}

bool names_init(struct names *names, const char *const *patterns, size_t count, const char *const *except, size_t except_count) {
  *names = (struct names){.patterns = calloc(count + 1, sizeof(struct pattern)), .except = except, .except_count = except_count};
  if (names->patterns == NULL || count > UINT16_MAX) return false;
  for (size_t i = 0; i < count; i++)
    if (!parse_pattern(&names->patterns[i], patterns[i])) return false;
  names->pattern_count = count;
  return true;
}

struct spot names_root(void) {
  return (struct spot){0};
}

struct spot names_outside(void) {
  return (struct spot){.outside = true};
}

// Bytes of a UTF-8 character that HFS+ and APFS do not see in a name, or 0: soft hyphen, U+200B..F, U+202A..E, U+2060..F, U+FEFF.
static size_t ignored(const char *at) {
  const unsigned char *byte = (const unsigned char *)at;
  if (byte[0] == 0xc2 && byte[1] == 0xad) return 2;
  if (byte[0] == 0xef && byte[1] == 0xbb && byte[2] == 0xbf) return 3;
  if (byte[0] != 0xe2) return 0;
  if (byte[1] == 0x80 && ((byte[2] >= 0x8b && byte[2] <= 0x8f) || (byte[2] >= 0xaa && byte[2] <= 0xae))) return 3;
  return byte[1] == 0x81 && byte[2] >= 0xa0 && byte[2] <= 0xaf ? 3 : 0;
}

// A name as the widest file system would read it (the workspace may be copied or shared there): what HFS+ ignores is gone, and
// NTFS's stream names, trailing dots and spaces and its short name of `.git`. Case is left to the comparison.
static void fold(const char *name, char folded[NAME_MAX + 1]) {
  size_t length = 0;
  for (const char *at = name; *at != 0 && length < NAME_MAX;) {
    size_t skip = ignored(at);
    if (skip == 0 && *at == ':' && length > 0) break;
    if (skip == 0) folded[length++] = *at++;
    at += skip;
  }
  size_t whole = length;
  while (length > 0 && (folded[length - 1] == '.' || folded[length - 1] == ' ')) length--;
  folded[length > 0 ? length : whole] = 0;  // names of dots alone stay what they are
  if (strcasecmp(folded, "git~1") == 0) strcpy(folded, ".git");
}

// A part holds at most one `*`, which stands for any text.
static bool part_matches(const char *part, const char *name) {
  const char *star = strchr(part, '*');
  if (star == NULL) return strcasecmp(part, name) == 0;
  size_t head = (size_t)(star - part), tail = strlen(star + 1), length = strlen(name);
  return length >= head + tail && strncasecmp(part, name, head) == 0 && strcasecmp(star + 1, name + length - tail) == 0;
}

static void advance(struct spot *to, const struct pattern *pattern, uint16_t index, uint16_t done) {
  if (done == pattern->count || to->active_count == SPOT_ACTIVE) {
    to->covered = true;
    return;
  }
  to->active[to->active_count].pattern = index;
  to->active[to->active_count++].done = done;
  to->partial = true;
  to->hidden |= pattern->parts[0][0] == '.';
}

// What git stores has names of its own, below which `**` does not go: a branch may be called `config`.
static bool stored(const char *name) {
  return strcasecmp(name, "objects") == 0 || strcasecmp(name, "refs") == 0 || strcasecmp(name, "logs") == 0;
}

// Below `**` files are ordinary; a link could lead elsewhere what matches further down.
static void stay(struct spot *to, uint16_t index, uint16_t done) {
  if (to->active_count == SPOT_ACTIVE) {
    to->covered = true;
    return;
  }
  to->active[to->active_count].pattern = index;
  to->active[to->active_count++].done = done;
  to->partial = true;
}

struct spot names_step(const struct names *names, const struct spot *from, const char *exact) {
  char name[NAME_MAX + 1];
  struct spot to = {.outside = from->outside, .covered = from->covered, .excepted = from->excepted};
  if (to.outside || to.covered) return to;
  fold(exact, name);
  for (uint16_t i = 0; i < from->active_count; i++) {
    uint16_t index = from->active[i].pattern, done = from->active[i].done;
    const struct pattern *pattern = &names->patterns[index];
    if (strcmp(pattern->parts[done], "**") == 0) {
      if (!stored(name)) stay(&to, index, done);
      done++;  // no folder at all
    }
    if (part_matches(pattern->parts[done], name)) advance(&to, pattern, index, (uint16_t)(done + 1));
  }
  // Below node_modules no match begins, but one under way goes on: `.git/modules/node_modules/hooks` is still a hook.
  for (uint16_t index = 0; index < names->pattern_count && !to.excepted; index++)
    if (part_matches(names->patterns[index].parts[0], name)) advance(&to, &names->patterns[index], index, 1);
  for (size_t i = 0; i < names->except_count; i++)
    if (strcmp(names->except[i], exact) == 0) to.excepted = true;  // never wider than it is written
  return to;
}

struct spot names_path(const struct names *names, const char *path) {
  struct spot spot = names_root();
  char name[NAME_MAX + 1];
  while (*path != 0) {
    size_t length = strcspn(path, "/");
    if (length > NAME_MAX) {
      spot.covered = true;  // no file system has such a name; whoever asks is not canonical
      return spot;
    }
    if (length > 0 && !(length == 1 && path[0] == '.')) {
      memcpy(name, path, length);
      name[length] = 0;
      spot = names_step(names, &spot, name);
    }
    path += length;
    if (*path == '/') path++;
  }
  return spot;
}

void names_merge(struct spot *spot, const struct spot *other) {
  spot->covered |= other->covered;
  for (uint16_t i = 0; i < other->active_count; i++) {
    if (spot->active_count == SPOT_ACTIVE) {
      spot->covered = true;
      return;
    }
    spot->active[spot->active_count++] = other->active[i];
    spot->partial = true;
    spot->hidden |= other->hidden;
  }
}

bool names_refuse(const struct spot *spot, enum deed deed) {
  if (spot->outside) return false;
  if (spot->covered) return true;
  return spot->partial && (deed == DEED_LINK || (deed == DEED_FILE && spot->hidden));
}

bool names_same(const struct spot *a, const struct spot *b) {
  if (a->partial || b->partial) return false;
  return a->outside == b->outside && a->covered == b->covered && a->excepted == b->excepted;
}
