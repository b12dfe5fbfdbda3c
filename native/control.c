// What the helper says to its supervisor: one event a line, fields percent-encoded, and the one way to fail.
#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// A line of hostile text (paths) must stay one line with its fields apart.
static size_t encode(char *to, const char *from) {
  static const char hex[] = "0123456789abcdef";
  size_t used = 0;
  for (const unsigned char *at = (const unsigned char *)from; *at != 0; at++) {
    if (*at <= ' ' || *at == '%' || *at >= 0x7f) {
      to[used++] = '%';
      to[used++] = hex[*at >> 4];
      to[used++] = hex[*at & 15];
    } else {
      to[used++] = (char)*at;
    }
  }
  return used;
}

void tell(const char *word, const char *const *fields, size_t count) {
  size_t room = strlen(word) + 2;
  for (size_t i = 0; i < count; i++) room += 3 * strlen(fields[i]) + 1;
  char *line = malloc(room);
  if (line == NULL) return;
  size_t used = strlen(word);
  memcpy(line, word, used);
  for (size_t i = 0; i < count; i++) {
    line[used++] = ' ';
    used += encode(line + used, fields[i]);
  }
  line[used++] = '\n';
  // A supervisor that is gone is seen by the reader of this socket; a signal here would only hide the cause.
  for (size_t sent = 0; sent < used;) {
    ssize_t n = send(FD_CONTROL, line + sent, used - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    sent += (size_t)n;
  }
  free(line);
}

void tell2(const char *word, const char *first, const char *second) {
  const char *fields[2] = {first, second};
  tell(word, fields, first == NULL ? 0 : second == NULL ? 1 : 2);
}

enum { LAST_WORD_MS = 1000 };

// What it still has to say must find an open socket: a broken one costs it what it has not read yet.
void end_telling(void) {
  char bytes[4096];
  struct pollfd wait = {FD_CONTROL, POLLIN, 0};
  shutdown(FD_CONTROL, SHUT_WR);
  while (poll(&wait, 1, LAST_WORD_MS) > 0 && recv(FD_CONTROL, bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
}

static const char *blamed;

void fail_as(const char *token) { blamed = token; }

_Noreturn void fail(const char *step, const char *detail) {
  int cause = errno;
  const char *fields[4] = {blamed, step, cause == 0 ? "-" : strerror(cause), detail};
  if (blamed == NULL) tell("error", fields + 1, 3);
  else tell("failed", fields, 4);
  _exit(EXIT_NO_FENCE);
}

void *need_memory(size_t size) {
  void *memory = calloc(1, size == 0 ? 1 : size);
  if (memory == NULL) fail("memory", "out of memory");
  return memory;
}

char *format(const char *pattern, ...) {
  va_list list;
  va_start(list, pattern);
  char *text = NULL;
  int length = vasprintf(&text, pattern, list);
  va_end(list);
  if (length < 0 || text == NULL) fail("memory", "out of memory");
  return text;
}

bool write_all(int fd, const void *data, size_t size) {
  const char *at = data;
  while (size > 0) {
    ssize_t n = write(fd, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    at += n;
    size -= (size_t)n;
  }
  return true;
}
