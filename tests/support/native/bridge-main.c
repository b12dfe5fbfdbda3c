// The bridge alone, for its test: bridge-main SOCKET|- PORT PUBLISH-SOCKET|- [PORT…]. Runs where it is started.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../native/bridge.h"

static int socket_of(const char *path) {
  return strcmp(path, "-") == 0 ? -1 : open(path, O_PATH | O_CLOEXEC);
}

int main(int argc, char **argv) {
  static uint16_t ports[64];
  if (argc < 4) return 64;
  struct bridge_options options = {.proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC),
                                   .proxy_fd = socket_of(argv[1]),
                                   .port = (uint16_t)atoi(argv[2]),
                                   .publish_fd = socket_of(argv[3]),
                                   .ports = ports};
  for (int i = 4; i < argc && options.port_count < 64; i++) ports[options.port_count++] = (uint16_t)atoi(argv[i]);
  struct bridge bridge;
  if (bridge_open(&bridge, &options) != 0) {
    perror("bridge_open");
    return 1;
  }
  if (write(1, "ready\n", 6) != 6) return 1;
  bridge_run(&bridge);
}
