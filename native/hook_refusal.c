// Refusals (hook_refusal.h), built byte by byte: no allocation, no stdio, nothing that a signal could find half done.
#define _GNU_SOURCE
#include "hook_refusal.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MOST = 2048, PATIENCE_MS = 500 };

// Standard output of a refusal: BEFORE, the reason as a JSON string, `}`, newline.
struct dialect {
  const char *agent, *before;
};

static const struct dialect DIALECTS[] = {
    {"claude-code", "{\"decision\":\"block\",\"reason\":"},
    {"codex", "{\"decision\":\"block\",\"reason\":"},
    {"cursor", "{\"continue\":false,\"permission\":\"deny\",\"user_message\":"},
    {"copilot", "{\"permissionDecision\":\"deny\",\"behavior\":\"deny\",\"decision\":\"block\",\"reason\":"},
    {"gemini", "{\"decision\":\"deny\",\"reason\":"},
    {"opencode", "{\"verdict\":\"deny\",\"reason\":"},
};

static const struct dialect *spoken;

struct text {
  char bytes[TEXT_MOST];
  size_t length;
};

bool refusal_speaks(const char *agent) {
  for (size_t i = 0; i < sizeof DIALECTS / sizeof *DIALECTS; i++) {
    if (strcmp(DIALECTS[i].agent, agent) == 0) spoken = &DIALECTS[i];
  }
  return spoken != NULL;
}

static void add(struct text *text, const char *more) {
  while (*more != '\0' && text->length < sizeof text->bytes) text->bytes[text->length++] = *more++;
}

// A refusal outlives a slow or full pipe for a moment, and no longer: the exit code says it too. A pipe that takes anything takes all of
// so short a text (PIPE_BUF), so that also one that blocks does not.
static void write_out(int fd, const struct text *text) {
  for (size_t done = 0; done < text->length;) {
    struct pollfd wait = {fd, POLLOUT, 0};
    int ready = poll(&wait, 1, PATIENCE_MS);
    if (ready < 0 && errno == EINTR) continue;
    if (ready != 1 || (wait.revents & POLLOUT) == 0) return;
    ssize_t n = write(fd, text->bytes + done, text->length - done);
    if (n > 0) done += (size_t)n;
    else if (n == 0 || (errno != EINTR && errno != EAGAIN)) return;
  }
}

// As JSON.stringify writes it; reasons are text of ours, so bytes above 0x7f stay as they are.
static void add_quoted(struct text *text, const struct text *from) {
  static const char hex[] = "0123456789abcdef";
  add(text, "\"");
  for (size_t i = 0; i < from->length; i++) {
    unsigned char c = (unsigned char)from->bytes[i];
    char pair[] = {'\\', (char)c, '\0'}, plain[] = {(char)c, '\0'}, code[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15], '\0'};
    add(text, c == '"' || c == '\\' ? pair : c < ' ' ? code : plain);
  }
  add(text, "\"");
}

void refuse(const char *reason) { refuse_because(reason, ""); }

void refuse_because(const char *reason, const char *detail) {
  struct text why = {.length = 0}, out = {.length = 0}, complaint = {.length = 0};
  add(&why, "ringfence: ");
  add(&why, reason);
  if (*detail != '\0') add(&why, ": "), add(&why, detail);
  if (spoken != NULL) {
    add(&out, spoken->before);
    add_quoted(&out, &why);
    add(&out, "}\n");
  }
  why.bytes[why.length < TEXT_MOST ? why.length : TEXT_MOST - 1] = '\0';
  add(&complaint, why.bytes);
  add(&complaint, "\n");
  write_out(STDOUT_FILENO, &out);
  write_out(STDERR_FILENO, &complaint);
  _exit(EXIT_REFUSED);
}
