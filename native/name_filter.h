// Which names are worth a closer look: a coarse sieve in front of the exact rule (core/paths/secret.ts), which is the reader's. It lets through more
// than that rule ever names, never less: every name that is not plain ASCII, every one that holds one of the words, and everything in certain folders.
#ifndef RINGFENCE_NAME_FILTER_H
#define RINGFENCE_NAME_FILTER_H

#include <stdbool.h>

// WORD... [-- FOLDER...], ended by NULL; lower case, words of at least two bytes. Kept by reference.
void filter_begin(char **words);

// A file of this name may be one.
bool is_worth_a_look(const char *name);

// Every file below a folder of this name may be one.
bool is_secret_place(const char *name);

#endif
