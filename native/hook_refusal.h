// How each agent is refused: text that it obeys on any event, also when nothing of the event was understood. The same bytes as `refuse` of
// the agent's dialect in src/hooks (tests/real/hook-client.test.ts compares them). Everything here is safe in a signal handler.
#ifndef RINGFENCE_HOOK_REFUSAL_H
#define RINGFENCE_HOOK_REFUSAL_H

#include <stdbool.h>

// The only two codes of a hook: any other lets most agents run the call.
enum { EXIT_ANSWERED = 0, EXIT_REFUSED = 2 };

// Chooses the dialect of every later refusal. False for an agent that is not known: then a refusal is standard error and the code alone.
bool refusal_speaks(const char *agent);

// Writes the refusal and ends the process with 2. REASON is one line of ASCII text; it is what the person and the model read.
_Noreturn void refuse(const char *reason);

// The same for a reason of two parts.
_Noreturn void refuse_because(const char *reason, const char *detail);

#endif
