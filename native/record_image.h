// Whether a process runs what its exec line said. Between the recorder's look and the kernel's own another thread can have changed the name:
// the next act of the process shows it, and then the line is put right.
#ifndef RINGFENCE_RECORD_IMAGE_H
#define RINGFENCE_RECORD_IMAGE_H

#include "record_look.h"

// The program that LOOK has seen is about to run in PROCESS.
void image_expect(struct process *process, const struct look *look);

// At the next act: tells an `exec` without arguments of what really runs, if it is something else. Lock held.
void image_prove(struct recorder *recorder, struct process *process, const struct look *look);

#endif
