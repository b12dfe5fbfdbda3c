// Hiding a file of the workspace that came to stand there after the start (CRED-6): the supervisor has seen it outside and names it.
#ifndef RINGFENCE_LATE_H
#define RINGFENCE_LATE_H

#include "program.h"

// Carries out `layer PATH` or `cover PATH`; PATH is percent-encoded and relative to the program's root. Answers `hidden PATH` or `unhidden PATH WHY`.
//   layer   the workspace is an overlay: the name gets a whiteout in the session's own layer, as if it had been removed inside. The host's is not touched.
//   cover   something that cannot be read is mounted over it. In a live workspace a removal would be the host's.
// No link and no mount is followed on the way: what the agent put in a folder's place only ever hides its own things.
void late_hide(const struct program *program, const char *words);

#endif
