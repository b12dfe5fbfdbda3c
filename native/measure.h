// What trees take on disk.
#ifndef RINGFENCE_MEASURE_H
#define RINGFENCE_MEASURE_H

// `measure`: answers requests until standard input ends. A request is the words `BYTES FILES PID PATH...`, each with a NUL behind it, and an empty word;
// the answer a line `bytes files` of all PATHs together: blocks that are really taken, each inode once; an empty line when it could not be counted. A
// count stops as soon as either is above its most, so that what was filled without end is known in bounded time. A path that is not there counts nothing.
// Unless PID is 0, the files without a name that this process and those below it hold count too.
int run_measure(void);

#endif
