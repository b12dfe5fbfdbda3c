// A request on top of the program that it is a part of (request.h).
#include "request.h"

#include <string.h>

#include "helper.h"

// What this caller asks for stands in front: execve's reader takes the first of two.
static struct list joined(const struct list *own, const struct list *fence) {
  struct list all = {need_memory((own->count + fence->count + 1) * sizeof(char *)), 0};
  for (size_t i = 0; i < own->count; i++) all.items[all.count++] = own->items[i];
  for (size_t i = 0; i < fence->count; i++) {
    size_t name = strcspn(fence->items[i], "=") + 1;
    bool replaced = false;
    for (size_t j = 0; j < own->count; j++) replaced = replaced || strncmp(own->items[j], fence->items[i], name) == 0;
    if (!replaced) all.items[all.count++] = fence->items[i];
  }
  return all;
}

void request_program(struct program *program, const struct request *request) {
  program->argv = request->argv;
  program->cwd = request->cwd;
  program->env = joined(&request->env, &program->env);
}
