// Open addressing with a table that is at most half full (inodes.h).
#include "inodes.h"

#include <stdint.h>
#include <stdlib.h>

static size_t start_of(const struct inode *one, size_t room) {
  uint64_t mixed = ((uint64_t)one->number ^ ((uint64_t)one->device << 32)) * 0x9e3779b97f4a7c15ULL;
  return (size_t)(mixed >> 20) & (room - 1);
}

static struct inode *place_of(struct inode *places, size_t room, const struct inode *one) {
  size_t at = start_of(one, room);
  while (places[at].order != 0 && (places[at].number != one->number || places[at].device != one->device)) at = (at + 1) & (room - 1);
  return &places[at];
}

static void grow(struct inodes *set) {
  size_t room = set->room == 0 ? 1024 : set->room * 2;
  struct inode *places = calloc(room, sizeof *places);
  if (places == NULL) abort();
  for (size_t i = 0; i < set->room; i++) {
    if (set->places[i].order != 0) *place_of(places, room, &set->places[i]) = set->places[i];
  }
  free(set->places);
  set->places = places;
  set->room = room;
}

bool inodes_find(struct inodes *set, const struct stat *found, size_t *order) {
  if (set->count * 2 >= set->room) grow(set);
  struct inode one = {found->st_dev, found->st_ino, set->count + 1};
  struct inode *place = place_of(set->places, set->room, &one);
  bool known = place->order != 0;
  if (!known) *place = one, set->count++;
  *order = place->order;
  return known;
}
