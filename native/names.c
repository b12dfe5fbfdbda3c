// Names and their addresses (names.h). Bounded in every way: a table of fixed size, each number taken back only when it was not used for a while, and
// then not given again before all others were (so that a program that holds an old address reaches nothing, never another name).
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "redirect.h"

enum {
  NUMBERS = 1 << 17,  // of 198.18.0.0/15
  FIRST = 2,          // 198.18.0.0 is nobody's and .1 the fence's own
  SLOTS = 1 << 14,
  BUCKETS = 1 << 14,
  KEPT_SECONDS = 600,
  TRIES = 64,
  NEW_AT_ONCE = 1000,  // new names: so many at once, then so many a second
  NEW_PER_SECOND = 50,
};

struct slot {
  char *name;
  uint32_t number, used, next;  // NEXT in the bucket, plus one
};

static struct slot slots[SLOTS];
static uint32_t buckets[BUCKETS];  // plus one
static uint32_t cursor = FIRST - 1, allowance = NEW_AT_ONCE, refilled;

static uint32_t bucket_of(const char *name) {
  uint32_t hash = 2166136261u;
  for (; *name != 0; name++) hash = (hash ^ (uint8_t)*name) * 16777619u;
  return hash % BUCKETS;
}

static void forget(uint32_t index) {
  struct slot *slot = &slots[index];
  if (slot->name == NULL) return;
  uint32_t *link = &buckets[bucket_of(slot->name)];
  while (*link != index + 1) link = &slots[*link - 1].next;
  *link = slot->next;
  free(slot->name);
  slot->name = NULL;
}

static bool may_make_one(uint32_t now) {
  uint64_t grown = allowance + (uint64_t)(now - refilled) * NEW_PER_SECOND;
  allowance = grown > NEW_AT_ONCE ? NEW_AT_ONCE : (uint32_t)grown;
  refilled = now;
  if (allowance == 0) return false;
  allowance--;
  return true;
}

bool names_number(const char *name, uint32_t now, uint32_t *number) {
  uint32_t *bucket = &buckets[bucket_of(name)];
  for (uint32_t at = *bucket; at != 0; at = slots[at - 1].next) {
    struct slot *slot = &slots[at - 1];
    if (strcmp(slot->name, name) != 0) continue;
    slot->used = now;
    *number = slot->number;
    return true;
  }
  if (!may_make_one(now)) return false;
  for (int i = 0; i < TRIES; i++) {
    cursor = cursor + 1 == NUMBERS ? FIRST : cursor + 1;
    uint32_t index = cursor % SLOTS;
    struct slot *slot = &slots[index];
    if (slot->name != NULL && now - slot->used < KEPT_SECONDS) continue;
    char *copy = strdup(name);
    if (copy == NULL) return false;
    forget(index);
    *slot = (struct slot){.name = copy, .number = cursor, .used = now, .next = *bucket};
    *bucket = index + 1;
    *number = cursor;
    return true;
  }
  return false;
}

const char *names_find(uint32_t number, uint32_t now) {
  struct slot *slot = &slots[number % SLOTS];
  if (slot->name == NULL || slot->number != number) return NULL;
  slot->used = now;
  return slot->name;
}

void names_four(uint32_t number, uint8_t address[4]) {
  memcpy(address, redirect_four, 4);
  address[1] = (uint8_t)(redirect_four[1] + (number >> 16));
  address[2] = (uint8_t)(number >> 8);
  address[3] = (uint8_t)number;
}

void names_six(uint32_t number, uint8_t address[16]) {
  memcpy(address, redirect_six, 16);
  address[13] = (uint8_t)(number >> 16);
  address[14] = (uint8_t)(number >> 8);
  address[15] = (uint8_t)number;
}

bool names_of_four(const uint8_t address[4], uint32_t *number) {
  *number = (uint32_t)((address[1] & 1) << 16 | address[2] << 8 | address[3]);
  uint8_t again[4];
  names_four(*number, again);
  return memcmp(again, address, 4) == 0 && *number >= FIRST;
}

bool names_of_six(const uint8_t address[16], uint32_t *number) {
  *number = (uint32_t)((address[13] & 1) << 16 | address[14] << 8 | address[15]);
  uint8_t again[16];
  names_six(*number, again);
  return memcmp(again, address, 16) == 0 && *number >= FIRST;
}
