// The exchange (hook_talk.h).
#define _GNU_SOURCE
#include "hook_talk.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hook_refusal.h"
#include "hook_time.h"

// The monitor says `wait` each second: more silence than this is a monitor that hangs.
enum { SILENCE_MS = 3000, ROOM = 2 * ANSWER_MOST + 64, PATH_LONGEST = 8192 };

// The header: one line of JSON. A path may hold any byte but NUL; what JSON cannot carry as it is is escaped, and the rest stays UTF-8 or
// is refused by the other side.
static char *escape_to(char *at, const char *text) {
  for (const unsigned char *from = (const unsigned char *)text; *from != '\0'; from++) {
    if (*from == '"' || *from == '\\' || *from < ' ') at += sprintf(at, "\\u%04x", *from);
    else *at++ = (char)*from;
  }
  return at;
}

static char *header_of(const struct call *call, size_t *length) {
  const char *path = call->path == NULL || strlen(call->path) > PATH_LONGEST ? NULL : call->path;
  char *line = malloc(6 * (strlen(call->cwd) + (path == NULL ? 0 : strlen(path))) + 256);
  if (line == NULL) refuse("out of memory");
  char *at = line + sprintf(line, "{\"v\":1,\"agent\":\"%s\",\"cwd\":\"", call->agent);
  at = escape_to(at, call->cwd);
  at += sprintf(at, "\",\"pid\":%d", (int)getppid());
  if (path != NULL) {
    at += sprintf(at, ",\"path\":\"");
    at = escape_to(at, path);
    at += sprintf(at, "\"");
  }
  at += sprintf(at, "}\n");
  *length = (size_t)(at - line);
  return line;
}

// One side of the exchange that is still to be sent: two pieces, one after the other.
struct outgoing {
  const char *pieces[2];
  size_t lengths[2];
  bool done;
};

// Sends what fits. A monitor that has heard enough may stop reading: its answer is what counts.
static void send_some(int fd, struct outgoing *out) {
  for (int i = 0; i < 2; i++) {
    while (out->lengths[i] > 0) {
      ssize_t n = send(fd, out->pieces[i], out->lengths[i], MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return;
      if (n < 0) {
        out->done = true;
        return;
      }
      out->pieces[i] += n;
      out->lengths[i] -= (size_t)n;
    }
  }
  shutdown(fd, SHUT_WR);
  out->done = true;
}

struct answer ask_monitor(int fd, const struct call *call) {
  struct outgoing out = {.pieces = {NULL, call->input}, .lengths = {0, call->input_length}};
  out.pieces[0] = header_of(call, &out.lengths[0]);
  char *bytes = malloc(ROOM);
  if (bytes == NULL) refuse("out of memory");
  size_t have = 0;
  enum answer_state state = ANSWER_MORE;
  struct answer answer = {0};
  for (;;) {
    short ready = wait_for(fd, (short)(POLLIN | (out.done ? 0 : POLLOUT)), SILENCE_MS);
    if (ready == 0) refuse(deadline_is_over() ? "no answer in time" : "the monitor hangs");
    if ((ready & POLLOUT) != 0 && !out.done) send_some(fd, &out);
    if ((ready & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    ssize_t n = recv(fd, bytes + have, ROOM - have, 0);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) refuse_because("the monitor broke off", strerror(errno));
    if (n == 0 && state == ANSWER_WHOLE) return answer;
    if (n == 0) refuse("the monitor broke off without an answer");
    have += (size_t)n;
    size_t waits = waits_in(bytes, have);
    memmove(bytes, bytes + waits, have - waits);
    have -= waits;
    state = have == 0 ? ANSWER_MORE : parse_answer(bytes, have, &answer);
    if (state == ANSWER_BAD || have == ROOM) refuse("the monitor's answer makes no sense");
  }
}
