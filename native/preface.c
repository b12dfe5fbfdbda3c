// Writing the preface (preface.h).
#include "preface.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

struct writer {
  uint8_t *bytes;
  size_t used;
};

static void put(struct writer *writer, const void *data, size_t size) {
  memcpy(writer->bytes + writer->used, data, size);
  writer->used += size;
}

static void put16(struct writer *writer, size_t value) { put(writer, (uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2); }

static void field(struct writer *writer, uint8_t type, const void *data, size_t size) {
  put(writer, &type, 1);
  put16(writer, size);
  put(writer, data, size);
}

size_t preface_write(const struct preface *preface, uint8_t *bytes) {
  static const uint8_t signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
  const struct sockaddr_in *from = (const void *)&preface->from, *to = (const void *)&preface->to;
  const struct sockaddr_in6 *from6 = (const void *)&preface->from, *to6 = (const void *)&preface->to;
  bool known = preface->from.ss_family == preface->to.ss_family;
  bool four = known && from->sin_family == AF_INET, six = known && from->sin_family == AF_INET6;
  struct writer writer = {bytes, 0};
  put(&writer, signature, sizeof signature);
  put(&writer, (uint8_t[]){four || six ? 0x21 : 0x20, four ? 0x11 : six ? 0x21 : 0x00, 0, 0}, 4);
  size_t head = writer.used;
  if (four) {
    put(&writer, &from->sin_addr, 4);
    put(&writer, &to->sin_addr, 4);
    put(&writer, &from->sin_port, 2);
    put(&writer, &to->sin_port, 2);
  } else if (six) {
    put(&writer, &from6->sin6_addr, 16);
    put(&writer, &to6->sin6_addr, 16);
    put(&writer, &from6->sin6_port, 2);
    put(&writer, &to6->sin6_port, 2);
  }
  uint8_t pid[4] = {(uint8_t)(preface->pid >> 24), (uint8_t)(preface->pid >> 16), (uint8_t)(preface->pid >> 8), (uint8_t)preface->pid};
  if (preface->pid != 0) field(&writer, PREFACE_PID, pid, sizeof pid);
  // A path that is too long to be told whole is not told: half of it would be another program's.
  if (preface->exe != NULL && strlen(preface->exe) <= PREFACE_EXE_MOST) field(&writer, PREFACE_EXE, preface->exe, strlen(preface->exe));
  if (preface->name != NULL) field(&writer, PREFACE_NAME, preface->name, strlen(preface->name));
  if (preface->refused != NULL) field(&writer, PREFACE_REFUSED, preface->refused, strlen(preface->refused));
  size_t length = writer.used - head;
  bytes[head - 2] = (uint8_t)(length >> 8);
  bytes[head - 1] = (uint8_t)length;
  return writer.used;
}
