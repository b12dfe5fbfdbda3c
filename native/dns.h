// One question to a name server and its answer (RFC 1035, RFC 6891), without the network: the responder of the fence knows every name and asks nobody.
// Strict: what is not exactly one ordinary question is answered with an error, or not at all. Pure, fuzzed.
#ifndef RINGFENCE_DNS_H
#define RINGFENCE_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"

enum { DNS_ANSWER_MOST = 512 };

// What a message asked, for the record.
enum dns_kind {
  DNS_ORDINARY,   // what ordinary programs ask: A and AAAA lead to the bridge; HTTPS and the names of addresses do not exist here
  DNS_OTHER,      // another type: an empty answer. Tunnels ask so
  DNS_NO_NAME,    // a name that is none of the internet's
  DNS_TOO_MANY,   // no address is left, or too many new names at once
  DNS_MALFORMED,  // no question at all
};

struct dns_question {
  enum dns_kind kind;
  uint16_t type;
  char name[NAME_MOST + 1];  // lower case; "" for the root or what could not be read
};

// Answers MESSAGE into ANSWER (at least DNS_ANSWER_MOST bytes). Returns the answer's length, 0 for none. SIX: the fence has IPv6. NOW in seconds.
size_t dns_answer(const uint8_t *message, size_t size, bool six, uint32_t now, uint8_t *answer, struct dns_question *question);

#endif
