// Names and the addresses that stand for them inside (fake-IP): a program that looks a name up gets an address of 198.18.0.0/15 or fd52:696e:6766::/64
// that leads to the bridge, which knows the name again. Nothing here asks anybody outside. Pure: time comes in.
#ifndef RINGFENCE_NAMES_H
#define RINGFENCE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAME_MOST = 253 };

// A number for NAME (lower case, without a final dot, at most NAME_MOST bytes): the same for as long as it is in use. False when none can be given now:
// too many new names at once, or too many in use. NOW in seconds.
bool names_number(const char *name, uint32_t now, uint32_t *number);

// The name of a number, or NULL: never given, or taken back since. Counts as a use.
const char *names_find(uint32_t number, uint32_t now);

// A number as addresses, and back. Back is false for an address that stands for no name.
void names_four(uint32_t number, uint8_t address[4]);
void names_six(uint32_t number, uint8_t address[16]);
bool names_of_four(const uint8_t address[4], uint32_t *number);
bool names_of_six(const uint8_t address[16], uint32_t *number);

#endif
