// The bridge's loop: accept or be handed a connection, dial its other half, let two flows run. One thread, epoll, edge-triggered.
#define _GNU_SOURCE
#include "bridge.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arrival.h"
#include "bridge_sockets.h"
#include "flow.h"
#include "owner.h"
#include "packets.h"
#include "refused.h"
#include "service.h"

enum { IDLE_WANTED = 4, RETRY_MS = 5, DIAL_TRIES = 4000, EVENTS = 128 };

// Where a connection is in its life. `near` came to us; `far` is what we dialled for it.
enum stage {
  STAGE_IDLE,     // near is a spare connection to the supervisor; two bytes with a port are awaited
  STAGE_DIAL,     // the supervisor's backlog was full: dial again soon
  STAGE_CONNECT,  // a TCP connect inside is under way
  STAGE_JOINED,
};

struct join {
  enum stage stage;
  int near, far;
  struct flow out, back;  // near → far, far → near
  bool six;               // STAGE_CONNECT tries ::1 after 127.0.0.1
  bool got_high;          // STAGE_IDLE has the first byte of the port
  uint16_t port;
  int tries;
  uint8_t *preface;       // STAGE_DIAL: what the proxy reads before the client's own bytes, or NULL
  size_t preface_size;
  bool near_asked, far_asked;  // to tell of room: bytes wait for it
  bool listed;  // in the list of joins that want a turn without an event
  struct join *next;
  struct join *grave;
};

// What an epoll event points at: one of these for a listener, one for the name server, one for refused packets, or a join.
static char listener_marks[BRIDGE_LISTENERS], dns_mark, packets_mark;

static struct bridge *self;
static struct join *again;    // joins to be visited without an event
static struct join *grave;    // freed after the batch: later events of it may still point there
static size_t idle;           // spare connections to the supervisor
static bool deaf;             // out of descriptors: the listeners are off until something closes

static void want_turn(struct join *join) {
  if (join->listed) return;
  join->listed = true;
  join->next = again;
  again = join;
}

// Room is told of only where bytes wait for it: else a Unix socket wakes us each time that its reader has read.
enum { STREAM_EVENTS = EPOLLIN | EPOLLRDHUP };

static int watch(int fd, void *mark, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = mark};
  return epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void listen_again(void) {
  if (!deaf) return;
  deaf = false;
  for (size_t i = 0; i < self->listener_count; i++) (void)watch(self->listeners[i], &listener_marks[i], EPOLLIN);
}

static void go_deaf(void) {
  if (deaf) return;
  deaf = true;
  for (size_t i = 0; i < self->listener_count; i++) (void)epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, self->listeners[i], NULL);
}

static void end_join(struct join *join) {
  if (join->near < 0 && join->far < 0) return;
  if (join->stage == STAGE_IDLE) idle--;
  flow_close(&join->out);
  flow_close(&join->back);
  if (join->near >= 0) close(join->near);
  if (join->far >= 0) close(join->far);
  join->near = join->far = -1;
  free(join->preface);
  join->preface = NULL;
  join->grave = grave;
  grave = join;
}

static struct join *new_join(int near, enum stage stage) {
  struct join *join = calloc(1, sizeof *join);
  if (join == NULL) return NULL;
  *join = (struct join){.stage = stage, .near = near, .far = -1};
  flow_init(&join->out);
  flow_init(&join->back);
  if (watch(near, join, STREAM_EVENTS | EPOLLET) != 0) {
    free(join);
    return NULL;
  }
  return join;
}

static bool out_of_room(int cause) {
  return cause == EMFILE || cause == ENFILE || cause == ENOBUFS || cause == ENOMEM;
}

static void ask_for_room(struct join *join, int sink, bool *asked, bool wanted) {
  if (*asked == wanted) return;
  struct epoll_event event = {.events = STREAM_EVENTS | EPOLLET | (wanted ? EPOLLOUT : 0), .data.ptr = join};
  if (epoll_ctl(self->epoll_fd, EPOLL_CTL_MOD, sink, &event) == 0) *asked = wanted;
  else want_turn(join);
}

static void pump(struct join *join) {
  enum flow_state out = flow_pump(&join->out, join->near, join->far);
  enum flow_state back = flow_pump(&join->back, join->far, join->near);
  if (out == FLOW_DONE && back == FLOW_DONE) {
    end_join(join);
    return;
  }
  ask_for_room(join, join->far, &join->far_asked, join->out.held > 0);
  ask_for_room(join, join->near, &join->near_asked, join->back.held > 0);
  if (out == FLOW_BUSY || back == FLOW_BUSY || out == FLOW_STARVED || back == FLOW_STARVED) {
    want_turn(join);
  }
}

static void joined(struct join *join, int far, enum stage stage) {
  join->far = far;
  join->stage = stage;
  join->far_asked = stage == STAGE_CONNECT;  // there it tells of the outcome
  if (watch(far, join, STREAM_EVENTS | EPOLLET | (join->far_asked ? EPOLLOUT : 0)) != 0) {
    end_join(join);
  } else if (stage == STAGE_JOINED) {
    pump(join);
  }
}

// Whole or not at all: a new Unix connection has room for it.
static bool send_preface(struct join *join, int far) {
  if (join->preface == NULL) return true;
  bool sent = send(far, join->preface, join->preface_size, MSG_NOSIGNAL) == (ssize_t)join->preface_size;
  free(join->preface);
  join->preface = NULL;
  return sent;
}

static void dial_proxy(struct join *join) {
  int far = dial_unix(self->options.proxy_fd);
  if (far >= 0 && !send_preface(join, far)) {
    close(far);
    end_join(join);
  } else if (far >= 0) {
    joined(join, far, STAGE_JOINED);
  } else if ((errno == EAGAIN || out_of_room(errno)) && ++join->tries < DIAL_TRIES) {
    want_turn(join);
  } else {
    end_join(join);
  }
}

static void dial_published(struct join *join, bool six) {
  for (; ; six = true) {
    int far = dial_inside(join->port, six);
    if (far >= 0) {
      join->six = six;
      joined(join, far, STAGE_CONNECT);
      return;
    }
    if (six) break;
  }
  end_join(join);
}

// The outcome of a TCP connect: joined, or the other address family, or the end.
static void connected(struct join *join) {
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  int cause = 0;
  socklen_t cause_size = sizeof cause;
  if (getsockopt(join->far, SOL_SOCKET, SO_ERROR, &cause, &cause_size) != 0) cause = errno;
  if (cause == 0 && getpeername(join->far, (struct sockaddr *)&peer, &size) == 0) {
    join->stage = STAGE_JOINED;
    pump(join);
  } else if (cause != 0 && !join->six) {
    close(join->far);
    join->far = -1;
    dial_published(join, true);
  } else if (cause != 0) {
    end_join(join);
  }
}

static bool port_is_published(uint16_t port) {
  for (size_t i = 0; i < self->options.port_count; i++)
    if (self->options.ports[i] == port) return true;
  return false;
}

// A spare connection has been taken: two bytes, the port, and then the client's own.
static void read_port(struct join *join) {
  for (;;) {
    unsigned char byte;
    ssize_t n = recv(join->near, &byte, 1, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      end_join(join);
      return;
    }
    join->port = (uint16_t)(join->port << 8 | byte);
    if (join->got_high) break;
    join->got_high = true;
  }
  idle--;
  join->stage = STAGE_CONNECT;
  if (port_is_published(join->port)) {
    dial_published(join, false);
  } else {
    end_join(join);
  }
}

static void keep_spares(void) {
  while (self->options.publish_fd >= 0 && idle < IDLE_WANTED) {
    int near = dial_unix(self->options.publish_fd);
    if (near < 0) return;  // tried again at the next turn of the loop
    if (new_join(near, STAGE_IDLE) == NULL) {
      close(near);
      return;
    }
    idle++;
  }
}

// A connection that leads nowhere ends as one that nobody listens for: with a reset.
static void refuse(int near) {
  struct linger now = {.l_onoff = 1};
  (void)setsockopt(near, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(near);
}

static void arrived(int near) {
  uint8_t preface[PREFACE_MOST];
  size_t size = arrival_preface(near, self->options.port, self->options.owners, preface);
  struct join *join = size == 0 ? NULL : new_join(near, STAGE_DIAL);
  if (join == NULL) return refuse(near);
  if (self->options.preface) {
    join->preface = malloc(size);
    if (join->preface == NULL) return end_join(join);
    memcpy(join->preface, preface, size);
    join->preface_size = size;
  }
  dial_proxy(join);
}

static void accept_all(int listener) {
  for (int taken = 0; taken < EVENTS; taken++) {
    int near = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (near < 0) {
      if (out_of_room(errno)) go_deaf();
      if (errno == ECONNABORTED || errno == EINTR) continue;
      return;
    }
    int one = 1;
    (void)setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    arrived(near);
  }
}

static void visit(struct join *join) {
  if (join->near < 0 && join->far < 0) return;
  switch (join->stage) {
    case STAGE_IDLE: read_port(join); break;
    case STAGE_DIAL: break;
    case STAGE_CONNECT: if (join->far >= 0) connected(join); break;
    case STAGE_JOINED: pump(join); break;
  }
}

// Joins that asked for a turn. Returns whether one of them can go on at once.
static bool visit_again(void) {
  struct join *list = again;
  again = NULL;
  while (list != NULL) {
    struct join *join = list;
    list = join->next;
    join->listed = false;
    if (join->near < 0 && join->far < 0) continue;
    if (join->stage == STAGE_DIAL) dial_proxy(join);
    else visit(join);
  }
  for (struct join *join = again; join != NULL; join = join->next)
    if (join->stage == STAGE_JOINED) return true;
  return false;
}

static void bury(void) {
  struct join *keep = NULL;
  while (grave != NULL) {
    struct join *join = grave;
    grave = join->grave;
    if (join->listed) {  // still in `again`: next round
      join->grave = keep;
      keep = join;
    } else {
      free(join);
    }
  }
  grave = keep;
}

static int begin(struct bridge *bridge) {
  self = bridge;
  enum { OTHERS = 5 + DNS_DESCRIPTORS };
  const struct bridge_options *options = &bridge->options;
  int keep[OTHERS + BRIDGE_LISTENERS] = {options->proc_fd, options->proxy_fd, options->publish_fd, bridge->packets_fd, owner_descriptor()};
  dns_keep(&bridge->dns, keep + 5);
  memcpy(keep + OTHERS, bridge->listeners, bridge->listener_count * sizeof *keep);
  if (service_begin(keep, OTHERS + bridge->listener_count) != 0) return -1;
  service_raise_files();
  if (fchdir(bridge->options.proc_fd) != 0) return -1;
  bridge->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (bridge->epoll_fd < 0) return -1;
  deaf = true;
  listen_again();
  if (options->preface) refused_to(options->proxy_fd, options->owners);
  if (bridge->packets_fd >= 0 && watch(bridge->packets_fd, &packets_mark, EPOLLIN) != 0) return -1;
  return bridge->dns.epoll_fd < 0 ? 0 : watch(bridge->dns.epoll_fd, &dns_mark, EPOLLIN);
}

void bridge_run(struct bridge *bridge) {
  if (begin(bridge) != 0) _exit(1);
  bool hurry = false;
  for (;;) {
    keep_spares();
    bool wanting = again != NULL || deaf || (bridge->options.publish_fd >= 0 && idle < IDLE_WANTED);
    struct epoll_event events[EVENTS];
    int count = epoll_wait(bridge->epoll_fd, events, EVENTS, hurry ? 0 : wanting ? RETRY_MS : -1);
    for (int i = 0; i < count; i++) {
      char *mark = events[i].data.ptr;
      if (mark >= listener_marks && mark < listener_marks + BRIDGE_LISTENERS) accept_all(bridge->listeners[mark - listener_marks]);
      else if (mark == &dns_mark) dns_serve(&bridge->dns);
      else if (mark == &packets_mark) packets_read(bridge->packets_fd, refused_packet);
      else visit((struct join *)mark);
    }
    if (count == 0) listen_again();
    hurry = visit_again();
    bury();
  }
}
