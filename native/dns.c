// Answering a question (dns.h).
#include "dns.h"

#include <string.h>

enum {
  HEADER = 12,
  LABEL_MOST = 63,
  TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28, TYPE_OPT = 41, TYPE_SVCB = 64, TYPE_HTTPS = 65,
  CLASS_IN = 1,
  NO_ERROR = 0, FORMAT_ERROR = 1, SERVER_FAILURE = 2, NO_SUCH_NAME = 3, NOT_IMPLEMENTED = 4, REFUSED = 5,
  // A name's address is remembered for longer than this after it was asked for.
  SECONDS = 60,
  OUR_PAYLOAD = 1232,
};

struct reader {
  const uint8_t *bytes;
  size_t size, at;
};

static bool read16(struct reader *reader, uint16_t *value) {
  if (reader->size - reader->at < 2) return false;
  *value = (uint16_t)(reader->bytes[reader->at] << 8 | reader->bytes[reader->at + 1]);
  reader->at += 2;
  return true;
}

// A name without compression, which no question has; false for one that is not whole. ODD: bytes that no host's name has.
static bool read_name(struct reader *reader, char name[NAME_MOST + 1], bool *odd) {
  size_t used = 0;
  *odd = false;
  for (;;) {
    if (reader->at >= reader->size) return false;
    size_t length = reader->bytes[reader->at++];
    if (length == 0) break;
    if (length > LABEL_MOST || reader->size - reader->at < length) return false;
    if (used + (used > 0) + length > NAME_MOST) return false;
    if (used > 0) name[used++] = '.';
    for (size_t i = 0; i < length; i++) {
      uint8_t byte = reader->bytes[reader->at++];
      if (byte >= 'A' && byte <= 'Z') byte |= 0x20;
      bool ordinary = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
      *odd = *odd || !ordinary;
      name[used++] = ordinary ? (char)byte : '?';
    }
  }
  name[used] = 0;
  return true;
}

// The one additional record that a question may have: EDNS, well formed, whose options nobody here heeds.
static bool read_edns(struct reader *reader) {
  uint16_t type, payload, high, low, length;
  if (reader->at >= reader->size || reader->bytes[reader->at++] != 0) return false;
  if (!read16(reader, &type) || type != TYPE_OPT || !read16(reader, &payload) || !read16(reader, &high) || !read16(reader, &low) || !read16(reader, &length))
    return false;
  if (reader->size - reader->at < length) return false;
  reader->at += length;
  return true;
}

static bool ends_with(const char *name, const char *end) {
  size_t length = strlen(name), tail = strlen(end);
  return length >= tail && strcmp(name + length - tail, end) == 0 && (length == tail || name[length - tail - 1] == '.');
}

struct writer {
  uint8_t *bytes;
  size_t used;
};

static void write16(struct writer *writer, uint16_t value) {
  writer->bytes[writer->used++] = (uint8_t)(value >> 8);
  writer->bytes[writer->used++] = (uint8_t)value;
}

static void write_address(struct writer *writer, uint16_t type, const uint8_t *address, uint16_t size) {
  write16(writer, 0xc000 | HEADER);  // the question's name
  write16(writer, type);
  write16(writer, CLASS_IN);
  write16(writer, 0);
  write16(writer, SECONDS);
  write16(writer, size);
  memcpy(writer->bytes + writer->used, address, size);
  writer->used += size;
}

// The address that stands for the question's name. False when there is none; *CODE says why.
static bool address_of(struct dns_question *question, bool six, uint32_t now, uint8_t address[16], uint8_t *code) {
  static const uint8_t loopback[4] = {127, 0, 0, 1}, loopback_six[16] = {[15] = 1};
  bool wants_six = question->type == TYPE_AAAA;
  if (ends_with(question->name, "localhost")) {  // RFC 6761
    memcpy(address, wants_six ? loopback_six : loopback, wants_six ? 16 : 4);
    return true;
  }
  uint32_t number;
  if (!names_number(question->name, now, &number)) {
    question->kind = DNS_TOO_MANY;
    *code = SERVER_FAILURE;
    return false;
  }
  if (wants_six && !six) return false;
  if (wants_six) names_six(number, address);
  else names_four(number, address);
  return true;
}

static size_t finish(const uint8_t *message, uint8_t *answer, size_t used, uint8_t code, uint16_t counts[3]) {
  struct writer head = {answer, 0};
  memcpy(answer, message, 2);
  answer[2] = 0x80 | (message[2] & 0x79);  // an answer; opcode and "recursion desired" as asked
  answer[3] = 0x80 | code;                 // recursion available
  head.used = 4;
  write16(&head, counts[0]);
  write16(&head, counts[1]);
  write16(&head, 0);
  write16(&head, counts[2]);
  return used;
}

size_t dns_answer(const uint8_t *message, size_t size, bool six, uint32_t now, uint8_t *answer, struct dns_question *question) {
  *question = (struct dns_question){.kind = DNS_MALFORMED};
  if (size < HEADER || (message[2] & 0x80) != 0) return 0;  // nobody answers an answer
  struct reader reader = {message, size, 4};
  uint16_t counts[4], class;
  for (int i = 0; i < 4; i++) (void)read16(&reader, &counts[i]);
  uint16_t none[3] = {0, 0, 0};
  if ((message[2] & 0x78) != 0) return finish(message, answer, HEADER, NOT_IMPLEMENTED, none);
  bool odd, edns = counts[3] == 1;
  if (counts[0] != 1 || counts[1] != 0 || counts[2] != 0 || counts[3] > 1 || !read_name(&reader, question->name, &odd) ||
      !read16(&reader, &question->type) || !read16(&reader, &class)) {
    question->name[0] = 0;
    return finish(message, answer, HEADER, FORMAT_ERROR, none);
  }
  struct writer writer = {answer, reader.at};
  memcpy(answer + HEADER, message + HEADER, reader.at - HEADER);
  if ((edns && !read_edns(&reader)) || reader.at != reader.size) return finish(message, answer, HEADER, FORMAT_ERROR, none);

  uint8_t code = NO_ERROR, address[16];
  uint16_t answers = 0;
  if (class != CLASS_IN) {
    question->kind = DNS_OTHER;
    code = REFUSED;
  } else if (odd || question->name[0] == 0) {
    question->kind = DNS_NO_NAME;
    code = odd ? NO_SUCH_NAME : NO_ERROR;
  } else {
    bool wants_address = question->type == TYPE_A || question->type == TYPE_AAAA, arpa = ends_with(question->name, "arpa");
    bool harmless = question->type == TYPE_HTTPS || question->type == TYPE_SVCB || (arpa && question->type == TYPE_PTR);
    question->kind = wants_address || harmless ? DNS_ORDINARY : DNS_OTHER;
    if (arpa) code = NO_SUCH_NAME;
    else if (wants_address && address_of(question, six, now, address, &code)) {
      write_address(&writer, question->type, address, question->type == TYPE_A ? 4 : 16);
      answers = 1;
    }
  }
  if (edns) {
    writer.bytes[writer.used++] = 0;
    write16(&writer, TYPE_OPT);
    write16(&writer, OUR_PAYLOAD);
    for (int i = 0; i < 3; i++) write16(&writer, 0);
  }
  return finish(message, answer, writer.used, code, (uint16_t[]){1, answers, edns});
}
