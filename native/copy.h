// A copy of a tree that somebody hostile filled: for snapshots. Nothing of it is run, followed or trusted.
#ifndef RINGFENCE_COPY_H
#define RINGFENCE_COPY_H

// `copy FROM TO MOST`: makes TO, which must not be there, the same tree as FROM: by reflink where the file system can, else byte by byte with its holes;
// with links, whiteouts, pipes, sockets (dead ones), modes without set-id bits, times and `user.` attributes. Compares the two and prints
// `digest bytes files`. More than MOST bytes on disk, a device, or anything that cannot be read or made is an error with its name; TO is then left half
// for the caller to remove, and TO.shared beside it perhaps too.
int run_copy(const char *from, const char *to, const char *most);

#endif
