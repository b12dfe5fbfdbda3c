// Frames on a port (machine_wire.h). One thread for each direction, so that a side that does not read holds up no other.
#define _GNU_SOURCE
#include "machine_wire.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper.h"

enum { HEAD = 2, BODY_MOST = 1 << 14, END = 0, UNREAD = 0xffff };

struct stream {
  int port, from, to;
  int stop;  // eventfd: the other side reads no more
  pthread_mutex_t sending;
};

// In one call: the guest's kernel takes a whole frame or none of it.
static bool send_frame(struct stream *s, unsigned char *frame, unsigned length) {
  size_t body = length == UNREAD ? 0 : length;
  frame[0] = (unsigned char)length;
  frame[1] = (unsigned char)(length >> 8);
  pthread_mutex_lock(&s->sending);
  bool sent = write_all(s->port, frame, HEAD + body);
  pthread_mutex_unlock(&s->sending);
  return sent;
}

static bool read_whole(int fd, unsigned char *bytes, size_t size) {
  while (size > 0) {
    ssize_t n = read(fd, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= (size_t)n;
  }
  return true;
}

static void outward(struct stream *s) {
  unsigned char frame[HEAD + BODY_MOST];
  while (s->from >= 0) {
    struct pollfd wait[] = {{s->from, POLLIN, 0}, {s->stop, POLLIN, 0}};
    if (poll(wait, 2, -1) < 0) continue;
    if (wait[1].revents != 0) break;
    ssize_t n = read(s->from, frame + HEAD, BODY_MOST);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0 || !send_frame(s, frame, (unsigned)n)) break;
  }
  if (s->from >= 0) close(s->from);
  (void)send_frame(s, frame, END);
}

static void *inward(void *stream) {
  struct stream *s = stream;
  unsigned char frame[HEAD + BODY_MOST];
  uint64_t one = 1;
  bool taken = s->to >= 0;
  for (;;) {
    if (!read_whole(s->port, frame, HEAD)) break;
    unsigned length = frame[0] | (unsigned)frame[1] << 8;
    if (length == END) break;
    if (length == UNREAD) {
      (void)!write(s->stop, &one, sizeof one);
      continue;
    }
    if (length > BODY_MOST || !read_whole(s->port, frame + HEAD, length)) break;
    if (!taken || write_all(s->to, frame + HEAD, length)) continue;
    taken = false;
    unsigned char unread[HEAD];
    (void)send_frame(s, unread, UNREAD);
    if (s->from >= 0) (void)!write(s->stop, &one, sizeof one);  // a connection that takes nothing more has ended
  }
  if (s->to >= 0) {
    (void)shutdown(s->to, SHUT_WR);  // a connection's other direction may go on; a pipe knows no such call
    close(s->to);
  }
  return NULL;
}

void converse(int port, int from, int to) {
  struct stream s = {.port = port, .from = from, .to = to, .stop = eventfd(0, EFD_CLOEXEC), .sending = PTHREAD_MUTEX_INITIALIZER};
  pthread_t reader;
  if (s.stop < 0 || pthread_create(&reader, NULL, inward, &s) != 0) _exit(EXIT_NO_FENCE);
  outward(&s);
  pthread_join(reader, NULL);
  close(s.stop);
}
