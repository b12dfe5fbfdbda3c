// What trees take on disk.
#ifndef RINGFENCE_MEASURE_H
#define RINGFENCE_MEASURE_H

// `measure BYTES FILES PID PATH...`: prints `bytes files` of all PATHs together: blocks that are really taken, each inode once. Stops counting as soon as
// either is above its most, so that what was filled without end is known in bounded time. A path that is not there counts nothing. Unless PID is 0, the
// files without a name that this process and those below it hold count too.
int run_measure(char **arguments);

#endif
