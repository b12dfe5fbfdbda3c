// SHA-256 (FIPS 180-4).
#ifndef RINGFENCE_SHA256_H
#define RINGFENCE_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
  uint32_t state[8];
  uint64_t length;
  uint8_t block[64];
};

void sha256_start(struct sha256 *sum);
void sha256_add(struct sha256 *sum, const void *bytes, size_t size);

// The digest as 64 hexadecimal digits and a NUL.
void sha256_end(struct sha256 *sum, char hex[65]);

#endif
