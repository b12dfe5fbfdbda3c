// The name server's pure parts under ASAN and UBSAN.
//   dns-main fuzz SEED      random and bent questions and packets; what must hold of every answer is checked
//   dns-main ask            one message on stdin, its answer on stdout
//   dns-main names          the laws of names and addresses, printed as they are broken; nothing when they hold
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../native/dns.h"
#include "../../../native/packets.h"

static uint32_t state;
static uint32_t draw(void) { return state = state * 1664525u + 1013904223u, state >> 8; }

static _Noreturn void broken(const char *law) {
  printf("%s\n", law);
  exit(1);
}

static size_t question(uint8_t *bytes) {
  static const uint16_t types[] = {1, 28, 16, 12, 255, 65, 10, 252};
  size_t used = 12;
  memset(bytes, 0, 12);
  bytes[0] = (uint8_t)draw(), bytes[1] = (uint8_t)draw(), bytes[2] = 1, bytes[5] = 1;
  for (int labels = (int)(draw() % 6); labels > 0 && used < 180; labels--) {
    size_t length = 1 + draw() % (draw() % 8 == 0 ? 70 : 12);
    bytes[used++] = (uint8_t)length;
    for (size_t i = 0; i < length; i++) bytes[used++] = draw() % 40 == 0 ? (uint8_t)draw() : (uint8_t)('a' + draw() % 26);
  }
  bytes[used++] = 0;
  uint16_t type = types[draw() % 8];
  bytes[used++] = (uint8_t)(type >> 8), bytes[used++] = (uint8_t)type;
  bytes[used++] = 0, bytes[used++] = draw() % 20 == 0 ? 3 : 1;
  if (draw() % 2 == 0) {
    static const uint8_t edns[11] = {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0};
    memcpy(bytes + used, edns, 11);
    used += 11, bytes[11] = 1;
  }
  return used;
}

static void answer(const uint8_t *bytes, size_t size, uint32_t now) {
  uint8_t *exact = malloc(size + !size), *out = malloc(DNS_ANSWER_MOST);  // so that ASAN sees one byte too many
  memcpy(exact, bytes, size);
  struct dns_question asked;
  size_t length = dns_answer(exact, size, draw() % 2 == 0, now, out, &asked);
  if (length > DNS_ANSWER_MOST) broken("an answer is too long");
  if (strlen(asked.name) > NAME_MOST || strspn(asked.name, "abcdefghijklmnopqrstuvwxyz0123456789-_.?") != strlen(asked.name)) broken("a name holds other bytes");
  if (length > 0 && (length < 12 || out[0] != bytes[0] || out[1] != bytes[1] || (out[2] & 0x80) == 0)) broken("an answer answers another question");
  if (length > 0 && size >= 12 && (bytes[2] & 0x80) != 0) broken("an answer was answered");
  if (length > 0 && out[7] == 1) {  // one address: ours, or loopback for localhost
    const uint8_t *data = out + length - (out[11] == 1 ? 11 : 0);
    bool four = asked.type == 1 && ((data[-4] == 198 && (data[-3] & 0xfe) == 18) || data[-4] == 127);
    bool six = asked.type == 28 && (data[-16] == 0xfd || (data[-16] == 0 && data[-1] == 1));
    if (!four && !six) broken("an address is none of ours");
  }
  free(exact);
  free(out);
}

static void packet(const uint8_t *bytes, size_t size) {
  uint8_t *exact = malloc(size + !size);
  memcpy(exact, bytes, size);
  struct packet seen;
  if (packet_ends(exact, size, &seen) && seen.from.ss_family != seen.to.ss_family) broken("a packet has ends of two families");
  free(exact);
}

static void fuzz(void) {
  uint8_t bytes[512];
  for (uint32_t i = 0; i < 20000; i++) {
    size_t size = draw() % 4 == 0 ? draw() % sizeof bytes : question(bytes);
    if (size > sizeof bytes) size = sizeof bytes;
    for (uint32_t bent = draw() % 3 == 0 ? draw() % 6 : 0; bent > 0 && size > 0; bent--) bytes[draw() % size] = (uint8_t)draw();
    if (draw() % 10 == 0 && size > 0) size -= draw() % size;
    answer(bytes, size, i / 10);
    packet(bytes, size);
    if (size > 0) bytes[0] = draw() % 2 == 0 ? 0x40 | (draw() & 15) : 0x60, packet(bytes, size);
  }
}

static void laws(void) {
  uint32_t first, again, number;
  uint8_t four[4], six[16];
  char name[64];
  if (!names_number("kept.example", 0, &first) || !names_number("kept.example", 1, &again) || first != again) broken("one name, one number");
  // Every second: more new names than are given; the kept one is used now and then.
  uint32_t given = 0, refused = 0;
  for (uint32_t now = 0; now < 4000; now++) {
    for (int i = 0; i < 60; i++) {
      snprintf(name, sizeof name, "n%u-%d.example", now, i);
      if (!names_number(name, now, &number)) {
        refused++;
        continue;
      }
      given++;
      if (number < 2 || number >= 1 << 17) broken("a number out of range");
      names_four(number, four), names_six(number, six);
      if (!names_of_four(four, &again) || again != number || !names_of_six(six, &again) || again != number) broken("an address is not its number");
      if (names_find(number, now) == NULL || strcmp(names_find(number, now), name) != 0) broken("a number is not its name");
    }
    if (now % 500 == 0 && names_find(first, now) == NULL) broken("a name in use was taken back");
  }
  if (refused == 0 || given < 16384) broken("new names are not bounded, or too narrowly");
  if (names_of_four((uint8_t[]){198, 18, 0, 1}, &number) || names_of_four((uint8_t[]){198, 20, 0, 9}, &number) || names_of_four((uint8_t[]){127, 0, 0, 1}, &number))
    broken("an address stands for no name");
}

int main(int count, char **arguments) {
  if (count == 3 && strcmp(arguments[1], "fuzz") == 0) state = (uint32_t)atoi(arguments[2]), fuzz();
  if (count == 2 && strcmp(arguments[1], "names") == 0) laws();
  if (count == 2 && strcmp(arguments[1], "ask") == 0) {
    uint8_t bytes[2048], out[DNS_ANSWER_MOST];
    size_t size = fread(bytes, 1, sizeof bytes, stdin);
    struct dns_question asked;
    fwrite(out, 1, dns_answer(bytes, size, true, 0, out, &asked), stdout);
  }
  return 0;
}
