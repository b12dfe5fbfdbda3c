// The hook client: one event of an agent in, one verdict out (DESIGN 4, PERM-10). It holds no policy and decides nothing: it carries the
// event to whoever guards the session, and whatever goes wrong on the way is a refusal in the agent's own dialect.
#ifndef RINGFENCE_HOOK_H
#define RINGFENCE_HOOK_H

// `hook AGENT [--deadline SECONDS] [--state-home FOLDER]`; ARGUMENTS begins at AGENT and ends with NULL.
// Ends the process with 0 (the answer is on standard output) or 2 (refused), never with another code, also by a signal that can be caught.
_Noreturn void run_hook(char **arguments);

#endif
