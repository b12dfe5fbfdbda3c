// Parsing of the program (program.h). Pure, so that a test build can feed it anything under ASAN and UBSAN.
#include "program.h"

#include <stdlib.h>
#include <string.h>

#include "request.h"

struct reader {
  char *at, *end;
};

// `length:bytes,`: the comma becomes the closing NUL, after it was checked.
static bool read_string(struct reader *reader, struct text *text) {
  size_t length = 0;
  int digits = 0;
  while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
    if (++digits > 9) return false;
    length = length * 10 + (size_t)(*reader->at++ - '0');
  }
  if (digits == 0 || reader->at == reader->end || *reader->at++ != ':') return false;
  if ((size_t)(reader->end - reader->at) <= length || reader->at[length] != ',') return false;
  text->bytes = reader->at;
  text->length = length;
  reader->at[length] = '\0';
  reader->at += length + 1;
  return true;
}

static bool to_number(const struct text *text, unsigned long long most, unsigned long long *value) {
  if (text->length == 0 || text->length > 19) return false;
  unsigned long long sum = 0;
  for (size_t i = 0; i < text->length; i++) {
    if (text->bytes[i] < '0' || text->bytes[i] > '9') return false;
    sum = sum * 10 + (unsigned long long)(text->bytes[i] - '0');
  }
  *value = sum;
  return sum <= most;
}

static bool to_unsigned(const struct text *text, unsigned *value, unsigned most) {
  unsigned long long wide;
  if (!to_number(text, most, &wide)) return false;
  *value = (unsigned)wide;
  return true;
}

static bool append(struct list *list, char *item) {
  char **grown = realloc(list->items, (list->count + 2) * sizeof *grown);
  if (grown == NULL) return false;
  list->items = grown;
  list->items[list->count++] = item;
  list->items[list->count] = NULL;
  return true;
}

static bool is(const struct text *word, const char *name) { return strcmp(word->bytes, name) == 0; }

// The operations that change the view keep their order; everything else is a setting.
static bool is_step(const struct record *r) {
  static const struct {
    const char *name;
    size_t count;
  } steps[] = {{"file", 3}, {"whiteout", 2}, {"overlay", 6}, {"still", 2}, {"endpoints", 2}, {"cover", 2}, {"protect", 2},
               {"place", 3}, {"folder", 3}, {"space", 3}, {"link", 3}};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    if (is(&r->strings[0], steps[i].name)) return r->count == steps[i].count;
  }
  return false;
}

static bool setting(struct program *p, const struct record *r) {
  const struct text *word = &r->strings[0], *value = &r->strings[1];
  if (is(word, "limits") && r->count == 4) {
    return to_number(&r->strings[1], -1ULL, &p->pids) && to_number(&r->strings[2], -1ULL, &p->file_size) &&
           to_number(&r->strings[3], -1ULL, &p->memory);
  }
  if (is(word, "user") && r->count == 3) {
    return to_unsigned(&r->strings[1], &p->uid, 4294967294U) && to_unsigned(&r->strings[2], &p->gid, 4294967294U);
  }
  if (r->count != 2) return false;
  unsigned reads;
  if (is(word, "arg")) return append(&p->argv, value->bytes);
  if (is(word, "env")) return append(&p->env, value->bytes);
  if (is(word, "guard")) return append(&p->guard_names, value->bytes) && (p->guard = true);
  if (is(word, "past")) return to_number(value, -1ULL, &p->past_bytes);
  if (is(word, "readable")) return append(&p->readable, value->bytes);
  if (is(word, "writable")) return append(&p->writable, value->bytes);
  if (is(word, "landlock")) return is(value, "require") && (p->landlock_required = true);
  if (is(word, "guard-except")) return append(&p->guard_except, value->bytes);
  if (is(word, "engine-signal")) return append(&p->engine_signal, value->bytes);
  if (is(word, "engine")) return is(value, "runsc") ? (p->engine = true) : is(value, "machine") && (p->machine = true);
  if (is(word, "record")) return to_unsigned(value, &reads, 1) && (p->record_reads = reads == 1, p->record = true);
  if (is(word, "root")) return (p->root = value->bytes) != NULL;
  if (is(word, "cwd")) return (p->cwd = value->bytes) != NULL;
  if (is(word, "open-files")) return to_unsigned(value, &p->open_files, 1 << 20);
  if (is(word, "processors")) return to_unsigned(value, &p->processors, 4096);
  if (is(word, "search")) return (p->search = value->bytes) != NULL;
  if (is(word, "bridge")) return to_unsigned(value, &p->bridge_port, 65535);
  if (is(word, "preface")) return is(value, "2") && (p->preface = true);
  if (is(word, "turn")) return is(value, "auto") ? (p->turn = true) : is(value, "anyip") && (p->anyip = true);
  if (is(word, "turned-address")) return is(value, "any") ? (p->turn_all = true) : append(&p->addresses, value->bytes);
  if (is(word, "turned")) {
    unsigned port;
    return to_unsigned(value, &port, 65535) && port > 0 && append(&p->turned, value->bytes);
  }
  if (is(word, "port")) {
    unsigned port;
    return to_unsigned(value, &port, 65535) && port > 0 && (p->reverse = true) && append(&p->ports, value->bytes);
  }
  if (is(word, "seccomp")) {
    p->seccomp = *value;
    return value->length > 0 && value->length % 8 == 0 && value->length / 8 <= 4096;
  }
  if (is(word, "tty")) {
    unsigned stream;
    return to_unsigned(value, &stream, 2) && (p->tty[stream] = true);
  }
  return false;
}

// Text must be text: an embedded NUL would make C see another path than the supervisor meant.
static bool has_nul(const struct record *r) {
  bool binary = is(&r->strings[0], "seccomp") || is(&r->strings[0], "file");
  for (size_t i = 0; i < r->count; i++) {
    bool last = i + 1 == r->count;
    if (!(binary && last) && strlen(r->strings[i].bytes) != r->strings[i].length) return true;
  }
  return false;
}

static bool add_record(void *to, struct record *record) {
  struct program *program = to;
  if (is_step(record)) {
    struct record *grown = realloc(program->steps, (program->step_count + 1) * sizeof *grown);
    if (grown == NULL) return false;
    program->steps = grown;
    program->steps[program->step_count++] = *record;
    record->strings = NULL;  // now the program's
    return true;
  }
  return setting(program, record);
}

// Reads one record after the other and hands each to ADD. Whatever ADD leaves in the record is freed.
static bool each_record(char *bytes, size_t size, bool (*add)(void *, struct record *), void *to) {
  struct reader reader = {bytes, bytes + size};
  while (reader.at < reader.end) {
    struct text count_text;
    unsigned count;
    if (!read_string(&reader, &count_text) || !to_unsigned(&count_text, &count, 16) || count == 0) return false;
    struct record record = {calloc(count, sizeof(struct text)), count};
    if (record.strings == NULL) return false;
    bool good = true;
    for (unsigned i = 0; good && i < count; i++) good = read_string(&reader, &record.strings[i]);
    good = good && !has_nul(&record) && add(to, &record);
    free(record.strings);
    if (!good) return false;
  }
  return true;
}

bool parse_program(char *bytes, size_t size, struct program *program, const char **why) {
  memset(program, 0, sizeof *program);
  *why = "malformed program";
  if (!each_record(bytes, size, add_record, program)) return false;
  *why = "incomplete program";
  return program->argv.count > 0 && program->cwd != NULL && program->root != NULL && program->search != NULL &&
         program->seccomp.length > 0 && program->uid != 0 && program->gid != 0;
}

static bool add_wish(void *to, struct record *record) {
  struct request *request = to;
  const struct text *word = &record->strings[0], *value = &record->strings[1];
  unsigned stream;
  if (record->count != 2) return false;
  if (is(word, "arg")) return append(&request->argv, value->bytes);
  if (is(word, "env")) return strchr(value->bytes, '=') != NULL && append(&request->env, value->bytes);
  if (is(word, "cwd")) return (request->cwd = value->bytes) != NULL && value->bytes[0] == '/';
  return is(word, "tty") && to_unsigned(value, &stream, 2) && (request->tty[stream] = true);
}

bool parse_request(char *bytes, size_t size, struct request *request) {
  memset(request, 0, sizeof *request);
  return each_record(bytes, size, add_wish, request) && request->argv.count > 0 && request->cwd != NULL;
}

void free_request(struct request *request) {
  free(request->argv.items);
  free(request->env.items);
}

bool is_token(const char *text, size_t length) { return length == TOKEN_LENGTH && strspn(text, "0123456789abcdef") == TOKEN_LENGTH; }

void free_program(struct program *program) {
  for (size_t i = 0; i < program->step_count; i++) free(program->steps[i].strings);
  free(program->steps);
  free(program->argv.items);
  free(program->env.items);
  free(program->guard_names.items);
  free(program->guard_except.items);
  free(program->ports.items);
  free(program->turned.items);
  free(program->addresses.items);
  free(program->engine_signal.items);
  free(program->readable.items);
  free(program->writable.items);
}
