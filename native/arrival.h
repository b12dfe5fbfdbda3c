// A connection that has just arrived at the bridge: who made it and where it was meant to go, as the preface for the proxy (preface.h).
#ifndef RINGFENCE_ARRIVAL_H
#define RINGFENCE_ARRIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preface.h"

// Where a connection that arrived here was meant to go.
bool arrival_destination(int near, struct sockaddr_storage *to);

// The name that an address stands for (names.h), or NULL.
const char *arrival_name(const struct sockaddr_storage *address);

// Writes the preface of NEAR to BYTES (PREFACE_MOST). OWN_PORT: the bridge's own, where programs come that know of the proxy. OWNERS: look for the
// program. 0 when the connection leads nowhere: to a port of loopback that is not the proxy's.
size_t arrival_preface(int near, uint16_t own_port, bool owners, uint8_t *bytes);

#endif
