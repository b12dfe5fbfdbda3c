// From a look to its line (record_look.h).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "record_image.h"
#include "record_look.h"

static void put_text(struct line *line, const char *text) { line_text(line, text, strlen(text)); }

// `done`, `refused`, `failed:ENAME`, `unknown` or `unknown:ENAME`.
static void put_outcome(struct look *look, long result, bool refused) {
  const char *word = refused ? "refused" : result == LOOK_UNKNOWN ? "unknown" : result < 0 ? "failed" : "done";
  int error = refused || result >= 0 ? (result == LOOK_UNKNOWN ? look->error : 0) : (int)-result;
  const char *name = error == 0 ? NULL : strerrorname_np(error);
  char text[48];
  snprintf(text, sizeof text, "%s%s%s", word, name == NULL ? "" : ":", name == NULL ? "" : name);
  line_word(&look->line, text);
}

static void put_place(struct look *look) {
  bool resolved = look->first.resolved && (!look->two || look->second.resolved || strcmp(look->word, "symlink") == 0);
  line_word(&look->line, resolved ? "1" : "0");
  put_text(&look->line, look->first.path);
  if (look->two) put_text(&look->line, look->second.path);
}

static void put_exec(struct look *look) {
  struct line *line = &look->line;
  line_number(line, (unsigned long long)look->parent);
  put_text(line, look->first.path);
  put_text(line, look->script);
  put_text(line, look->cwd);
  line_number(line, look->argument_total);
  line_word(line, look->cut ? "1" : "0");
  const char *argument = look->arguments;
  for (unsigned i = 0; i < look->argument_count; i++, argument += strlen(argument) + 1) put_text(line, argument);
}

static void put_inet(struct line *line, const char *family, int domain, const void *address, in_port_t port) {
  char text[INET6_ADDRSTRLEN];
  line_word(line, family);
  line_word(line, inet_ntop(domain, address, text, sizeof text) == NULL ? "?" : text);
  line_number(line, ntohs(port));
}

static void put_unix(struct look *look, const struct sockaddr_un *local) {
  struct line *line = &look->line;
  int length = (int)look->address_size - (int)offsetof(struct sockaddr_un, sun_path);
  if (length > (int)sizeof local->sun_path) length = (int)sizeof local->sun_path;
  line_word(line, "unix");
  if (length <= 0) {
    line_text(line, "", 0);
  } else if (local->sun_path[0] == 0) {  // abstract: no name in the file system
    char name[sizeof local->sun_path + 1] = "@";
    memcpy(name + 1, local->sun_path + 1, (size_t)length - 1);
    line_text(line, name, (size_t)length);
  } else {
    put_text(line, look->first.path);
  }
}

static void put_socket(struct look *look) {
  struct line *line = &look->line;
  const struct sockaddr_storage *address = &look->address;
  if (address->ss_family == AF_INET && look->address_size >= sizeof(struct sockaddr_in)) {
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
    put_inet(line, "inet", AF_INET, &in->sin_addr, in->sin_port);
  } else if (address->ss_family == AF_INET6 && look->address_size >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
    const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)address;
    put_inet(line, "inet6", AF_INET6, &in->sin6_addr, in->sin6_port);
  } else if (address->ss_family == AF_UNIX) {
    put_unix(look, (const struct sockaddr_un *)(const void *)address);
  } else {
    line_word(line, "other");
    line_number(line, address->ss_family);
  }
}

static void put_event(struct look *look, long result, bool refused) {
  struct line *line = &look->line;
  const char *const words[] = {[LOOK_WRITE] = "write", [LOOK_READ] = "read", [LOOK_EXEC] = "exec", [LOOK_SOCKET] = look->word};
  line_begin(line, words[look->kind]);
  line_number(line, (unsigned long long)look->pid);
  line_number(line, line_clock());
  if (look->kind == LOOK_EXEC) {
    put_exec(look);
    return;
  }
  if (look->kind == LOOK_WRITE) line_word(line, look->word);
  put_outcome(look, result, refused);
  if (look->kind == LOOK_SOCKET) put_socket(look);
  else put_place(look);
}

static bool meet(struct recorder *recorder, struct look *look) {
  struct process *process = process_of(recorder, look->caller.tid);
  // A caller that was killed meanwhile does nothing any more; its number may be another's already.
  if (!caller_waits(&look->caller)) return false;
  if (process == NULL) _exit(1);  // it is there and cannot be named: what cannot be recorded does not happen
  image_prove(recorder, process, look);
  if (look->kind == LOOK_EXEC) image_expect(process, look);
  if (look->kind == LOOK_PROBE) process->probes++;
  else process_announce(recorder, process, look->kind == LOOK_EXEC);
  look->pid = process->inner;
  look->parent = process->parent;
  return look->met = true;
}

bool look_meet(struct recorder *recorder, struct look *look) {
  pthread_mutex_lock(&recorder->lock);
  bool met = meet(recorder, look);
  pthread_mutex_unlock(&recorder->lock);
  return met;
}

void look_tell(struct recorder *recorder, struct look *look, long result, bool refused) {
  if (look->kind == LOOK_NOTHING) return;
  pthread_mutex_lock(&recorder->lock);
  if ((look->met || meet(recorder, look)) && look->kind != LOOK_PROBE) {
    put_event(look, result, refused);
    line_send(&look->line, recorder->stream);
  }
  pthread_mutex_unlock(&recorder->lock);
}
