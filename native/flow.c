// Socket to socket by splice. Pipes are lent from a small pool only while bytes are held.
#define _GNU_SOURCE
#include "flow.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { POOL = 64, PIPE_BYTES = 256 * 1024, FAIR_ROUNDS = 16 };

static int pool[POOL][2];
static size_t pooled;

static bool borrow(struct flow *flow) {
  if (flow->pipe[0] >= 0) return true;
  if (pooled > 0) {
    pooled--;
    flow->pipe[0] = pool[pooled][0];
    flow->pipe[1] = pool[pooled][1];
    return true;
  }
  if (pipe2(flow->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
    flow->pipe[0] = flow->pipe[1] = -1;
    return false;
  }
  // Refused above the user's share of pipe memory: then the small pipe does.
  (void)fcntl(flow->pipe[1], F_SETPIPE_SZ, PIPE_BYTES);
  return true;
}

static void discard(struct flow *flow) {
  if (flow->pipe[0] < 0) return;
  close(flow->pipe[0]);
  close(flow->pipe[1]);
  flow->pipe[0] = flow->pipe[1] = -1;
  flow->held = 0;
}

// Gives an empty pipe back; one that still holds bytes must never carry another connection's.
static void give_back(struct flow *flow) {
  if (flow->pipe[0] < 0) return;
  if (flow->held > 0 || pooled == POOL) {
    discard(flow);
    return;
  }
  pool[pooled][0] = flow->pipe[0];
  pool[pooled][1] = flow->pipe[1];
  pooled++;
  flow->pipe[0] = flow->pipe[1] = -1;
}

void flow_init(struct flow *flow) {
  *flow = (struct flow){.pipe = {-1, -1}};
}

void flow_close(struct flow *flow) {
  give_back(flow);
  flow->done = true;
}

static enum flow_state finish(struct flow *flow, int sink) {
  (void)shutdown(sink, SHUT_WR);
  flow_close(flow);
  return FLOW_DONE;
}

// Into the empty pipe. Returns bytes moved, 0 when there is nothing now or the source has ended.
static ssize_t fill(struct flow *flow, int source) {
  ssize_t n = splice(source, NULL, flow->pipe[1], NULL, PIPE_BYTES, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (n > 0) {
    flow->held = (size_t)n;
  } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
    flow->ended = true; // a reset ends the stream as an end of file does: what was held has been passed on already
    n = 0;
  } else {
    n = -1;
  }
  return n;
}

enum flow_state flow_pump(struct flow *flow, int source, int sink) {
  if (flow->done) return FLOW_DONE;
  for (int round = 0; round < FAIR_ROUNDS; round++) {
    if (flow->held == 0 && !flow->ended) {
      if (!borrow(flow)) return FLOW_STARVED;
      if (fill(flow, source) < 0) {
        give_back(flow);
        return FLOW_WAITS;
      }
    }
    if (flow->held == 0) return finish(flow, sink);
    ssize_t n = splice(flow->pipe[0], NULL, sink, NULL, flow->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n > 0) {
      flow->held -= (size_t)n;
    } else if (n < 0 && errno == EAGAIN) {
      return FLOW_WAITS;
    } else if (n == 0 || errno != EINTR) {
      // The sink hears nothing more. Its other direction may still have bytes for us, so only this one ends.
      discard(flow);
      flow_close(flow);
      return FLOW_DONE;
    }
  }
  return FLOW_BUSY;
}
