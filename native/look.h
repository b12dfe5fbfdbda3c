// `look FOLDER`: tries what a fence must refuse and prints `NAME ok`, `NAME ERRNO` or `NAME NUMBER`, a line each. Harmless also where nothing refuses
// it, so that `doctor` can do the same outside, as the control.
#ifndef RINGFENCE_LOOK_H
#define RINGFENCE_LOOK_H

int run_look(const char *folder);

#endif
