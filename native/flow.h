// One direction of a joined connection: bytes move from socket to pipe to socket inside the kernel (splice), never through us.
#ifndef RINGFENCE_FLOW_H
#define RINGFENCE_FLOW_H

#include <stdbool.h>
#include <stddef.h>

struct flow {
  int pipe[2];   // -1 while nothing is under way: an idle connection costs two descriptors, not six
  size_t held;   // bytes in the pipe
  bool ended;    // the source said end of file
  bool done;     // and the sink was told, or can hear nothing any more
};

enum flow_state { FLOW_WAITS, FLOW_BUSY, FLOW_STARVED, FLOW_DONE };

void flow_init(struct flow *flow);

// Moves what can be moved, up to a fair share. WAITS: for an event on a socket. BUSY: more to do now, others first.
// STARVED: no descriptors for a pipe; try again later. DONE: end of file was passed on, or the sink is gone.
enum flow_state flow_pump(struct flow *flow, int source, int sink);

void flow_close(struct flow *flow);

#endif
