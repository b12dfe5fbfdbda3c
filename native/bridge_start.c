// Starting the bridge (bridge_start.h).
#define _GNU_SOURCE
#include "bridge_start.h"

#include <stdlib.h>
#include <unistd.h>

#include "bridge.h"
#include "helper.h"

// Ports of the program, which has checked them. Kept for as long as this process and its children live.
static size_t ports_of(const struct list *list, uint16_t *ports, size_t most) {
  if (list->count > most) fail("bridge", "too many ports");
  for (size_t i = 0; i < list->count; i++) ports[i] = (uint16_t)atoi(list->items[i]);
  return list->count;
}

void bridge_start(const struct program *p, int proc) {
  static uint16_t ports[64], turned[BRIDGE_TURNED];
  static struct redirect_address addresses[REDIRECT_ADDRESSES];
  static struct bridge bridge;
  if (p->bridge_port == 0 && !p->reverse) return;
  if (p->addresses.count > REDIRECT_ADDRESSES) fail("bridge", "too many addresses");
  for (size_t i = 0; i < p->addresses.count; i++)
    if (!redirect_parse(p->addresses.items[i], &addresses[i])) fail("bridge", p->addresses.items[i]);
  struct bridge_options options = {.proc_fd = proc,
                                   .proxy_fd = p->bridge_port != 0 ? FD_PROXY : -1,
                                   .port = (uint16_t)p->bridge_port,
                                   .publish_fd = p->reverse ? FD_REVERSE : -1,
                                   .ports = ports,
                                   .port_count = ports_of(&p->ports, ports, sizeof ports / sizeof *ports),
                                   .preface = p->preface,
                                   .owners = p->preface && !p->engine && !p->machine,
                                   .turn = p->turn || p->anyip,
                                   .anyip = p->anyip,
                                   .turn_all = p->turn_all,
                                   .addresses = addresses,
                                   .address_count = p->addresses.count,
                                   .turned = turned,
                                   .turned_count = ports_of(&p->turned, turned, BRIDGE_TURNED)};
  // Whoever reached the proxy by a published port would speak outside with what this session may.
  for (size_t i = 0; i < options.port_count; i++)
    if (ports[i] == options.port) fail("bridge", "the proxy's own port is published");
  if (bridge_open(&bridge, &options) != 0) fail("bridge", "open");
  pid_t child = fork();
  if (child < 0) fail("fork", "bridge");
  if (child == 0) bridge_run(&bridge);
  bridge_close(&bridge);
}
