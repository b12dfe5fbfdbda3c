// The new root of a fence that a container engine made the namespaces of. Under bubblewrap there is nothing to do here.
#ifndef RINGFENCE_ROOT_H
#define RINGFENCE_ROOT_H

#include "program.h"

// Carries out the program's steps `place`, `folder`, `space` and `link` in their order on an empty tmpfs, each target looked up inside it alone, makes
// it the root and lets go of the engine's own, with whatever the engine had put there. Does nothing when the program has no such step.
void make_root(const struct program *program);

// True for a step of that kind.
bool is_root_step(const struct record *step);

#endif
