// Further commands are forked by process 1 of the command's pid namespace, which is the command's user already and stands in its Landlock domain:
// so all commands of a fence are one another's equals, and one more costs a fork. Nothing inside can reach the channel: process 1 is closed to tracing
// and its descriptors with it, and what it forks loses the channel before it runs anything that is not ours.
#ifndef RINGFENCE_SPAWN_H
#define RINGFENCE_SPAWN_H

#include "program.h"

// What a runner (further.h) hands over. Descriptors; -1 where there is none. They stay open in the runner.
struct wish {
  int streams[3];  // become 0, 1, 2
  int report;      // the command's end (inner.h)
  int status;      // pipe: the wait status comes here; when nobody reads it any more, the command is killed
  int request;     // file with the announced bytes (request.h)
  int terminal, guard, recorder;  // as in command.h
};

// In the runner. False with errno when the wish could not be handed over.
bool spawn_ask(int channel, const char *token, const struct wish *wish);

// In process 1, with the channel at FD_CONTROL: takes one wish and forks its command.
void spawn_serve(const struct program *first);

// In process 1: PID has ended. Tells its runner, if it was a further command's.
void spawn_ended(int pid, int how);

// In process 1: descriptors to wait for with no events asked (POLLERR: the runner is gone), and what to do then. Valid until the next spawn_ call.
struct pollfd *spawn_watched(size_t *count);
void spawn_abandoned(const struct pollfd *watched, size_t count);

#endif
