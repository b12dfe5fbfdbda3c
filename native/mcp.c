// The client's end (mcp.h). One loop: what comes in goes up, what comes down is taken apart. Output blocks: a client that does not read holds up its own
// server and nobody else.
#define _GNU_SOURCE
#include "mcp.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "helper.h"
#include "json_line.h"

#define DOOR "/run/ringfence/mcp.sock"

enum { HEAD = 5, CHUNK = 1 << 16 };

// The frame that is being read: its head, then so many bytes for one stream.
struct frame {
  unsigned char head[HEAD];
  size_t have;
  uint32_t left;
  char code[16];
  size_t code_length;
};

static int refuse(const char *message) {
  fprintf(stderr, "ringfence: %s\nhint: MCP servers run here while this fence's session does\n", message);
  return EXIT_NO_FENCE;
}

static char *header(char **words, size_t *size) {
  char *line = NULL, cwd[PATH_MAX];
  FILE *to = open_memstream(&line, size);
  if (to == NULL) return NULL;
  fputs("{\"v\":1,\"words\":[", to);
  for (char **at = words; *at != NULL; at++) {
    if (at != words) fputc(',', to);
    json_string(to, *at);
  }
  fputs("],\"cwd\":", to);
  json_string(to, getcwd(cwd, sizeof cwd) == NULL ? "/" : cwd);
  fputs(",\"env\":[", to);
  bool first = true;
  for (char **at = words; *at != NULL && strcmp(*at, "--") != 0; at++) {
    if (strcmp(*at, "--env") != 0 || at[1] == NULL) continue;
    const char *value = getenv(*++at);
    if (value == NULL) continue;
    fputs(first ? "[" : ",[", to);
    json_string(to, *at);
    fputc(',', to);
    json_string(to, value);
    fputc(']', to);
    first = false;
  }
  fputs("]}\n", to);
  return fclose(to) == 0 ? line : NULL;
}

static int dial(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = DOOR};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) close(fd), fd = -1;
  return fd;
}

// Takes SIZE bytes from the supervisor; false when an output is gone or a frame makes no sense.
static bool take(struct frame *frame, const char *bytes, size_t size) {
  while (size > 0) {
    if (frame->have < HEAD) {
      frame->head[frame->have++] = (unsigned char)*bytes++;
      size--;
      if (frame->have < HEAD) continue;
      const unsigned char *h = frame->head;
      frame->left = (uint32_t)h[1] << 24 | (uint32_t)h[2] << 16 | (uint32_t)h[3] << 8 | h[4];
      if (h[0] == 'x' && frame->left >= sizeof frame->code) return false;
      if (h[0] != '1' && h[0] != '2' && h[0] != 'x') return false;
    }
    size_t now = size < frame->left ? size : frame->left;
    if (frame->head[0] == 'x') {
      memcpy(frame->code + frame->code_length, bytes, now);
      frame->code_length += now;
    } else if (!write_all(frame->head[0] == '1' ? STDOUT_FILENO : STDERR_FILENO, bytes, now)) return false;
    bytes += now;
    size -= now;
    frame->left -= (uint32_t)now;
    if (frame->left == 0 && frame->head[0] != 'x') frame->have = 0;
  }
  return true;
}

// What the client has said and the supervisor has not taken yet. Nothing more is read meanwhile, but the other direction goes on.
struct upward {
  char bytes[CHUNK];
  size_t from, to;
  bool over;
};

static void send_some(int door, struct upward *up) {
  ssize_t n = send(door, up->bytes + up->from, up->to - up->from, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n > 0) up->from += (size_t)n;
  if (n < 0 && errno != EINTR && errno != EAGAIN) up->from = up->to, up->over = true;
  if (up->from == up->to && up->over) shutdown(door, SHUT_WR);
}

static void read_some(int door, struct upward *up) {
  ssize_t n = read(STDIN_FILENO, up->bytes, sizeof up->bytes);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  up->from = 0;
  up->to = n > 0 ? (size_t)n : 0;
  up->over = n <= 0;
  send_some(door, up);
}

static int carry(int door) {
  static char chunk[CHUNK];
  static struct upward up;
  struct frame frame = {.have = 0};
  for (;;) {
    bool full = up.from < up.to;
    struct pollfd wait[] = {{door, (short)(POLLIN | (full ? POLLOUT : 0)), 0}, {full || up.over ? -1 : STDIN_FILENO, POLLIN, 0}};
    if (poll(wait, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return refuse("the connection broke off");
    }
    if (full && (wait[0].revents & POLLOUT) != 0) send_some(door, &up);
    if (wait[1].revents != 0) read_some(door, &up);
    if ((wait[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    ssize_t n = read(door, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n > 0 && take(&frame, chunk, (size_t)n)) continue;
    if (n == 0 && frame.have == HEAD && frame.head[0] == 'x' && frame.left == 0) return atoi(frame.code) & 0xff;
    return n > 0 ? 128 + SIGPIPE : refuse("this fence's supervisor broke off");
  }
}

int run_mcp(char **words) {
  signal(SIGPIPE, SIG_IGN);
  size_t size = 0;
  char *line = header(words, &size);
  if (line == NULL) return refuse("out of memory");
  int door = dial();
  if (door < 0) return refuse("no supervisor answers here");
  if (!write_all(door, line, size)) return refuse("this fence's supervisor does not listen");
  free(line);
  return carry(door);
}
