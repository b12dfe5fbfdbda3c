// Further commands, seen from the outer helper: what the supervisor has announced by a token, and callers who come for it with their streams.
#ifndef RINGFENCE_COMMANDS_H
#define RINGFENCE_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "further.h"

// Looks whether this fence has a socket for callers (FD_COMMANDS). Before anything is opened that could take its number.
void commands_begin(void);

// Readable when commands_serve has something to do; -1 when there is no such socket.
int commands_ready(void);

// An announced command. Takes BYTES over; a malformed one, or one too many, is told as `failed TOKEN`.
void commands_announce(const char *token, char *bytes, size_t size);

// The supervisor takes it back: nobody came.
void commands_forget(const char *token);

// Callers connect, and bring a token and three streams when they get to it: starts their commands, each in a process of its own. A caller without
// a token that was announced is hung up on. Never waits.
void commands_serve(const struct place *place);

#endif
