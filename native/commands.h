// Further commands, seen from the outer helper: what the supervisor has announced by a token, and callers who come for it with their streams.
#ifndef RINGFENCE_COMMANDS_H
#define RINGFENCE_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "further.h"

// True when this fence has a socket for callers (FD_COMMANDS).
bool commands_open(void);

// An announced command. Takes BYTES over; a malformed one, or one too many, is told as `failed TOKEN`.
void commands_announce(const char *token, char *bytes, size_t size);

// The supervisor takes it back: nobody came.
void commands_forget(const char *token);

// A caller connects: takes its token and its three streams, and starts the command in a process of its own. A caller without a token that
// was announced is hung up on.
void commands_accept(const struct place *place);

#endif
