// The errand (exec.h). It speaks src/monitor/exec/exec-wire.ts: one JSON line out, one back, and a last one when the command is over. What it does not
// understand is a refusal.
#define _GNU_SOURCE
#include "exec.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach.h"
#include "helper.h"
#include "json_line.h"
#include "request.h"

enum { LINE_MOST = 1000000, EXIT_LIMIT = 124, EXIT_REFUSED = 126 };

static char *wish(char **argv, size_t *size) {
  char *line = NULL, cwd[PATH_MAX];
  FILE *to = open_memstream(&line, size);
  if (to == NULL) fail("memory", "out of memory");
  fputs("{\"v\":1,\"op\":\"exec\",\"argv\":[", to);
  for (char **at = argv; *at != NULL; at++) {
    if (at != argv) fputc(',', to);
    json_string(to, *at);
  }
  fputs("],\"cwd\":", to);
  json_string(to, getcwd(cwd, sizeof cwd) == NULL ? "/" : cwd);
  fputs(",\"tty\":[", to);
  for (int fd = 0; fd < 3; fd++) fprintf(to, "%s%s", fd == 0 ? "" : ",", isatty(fd) ? "true" : "false");
  fputc(']', to);
  const char *term = getenv("TERM");
  if (term != NULL && *term != 0 && strlen(term) <= 64 && term[strspn(term, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-")] == 0) {
    fputs(",\"term\":", to);
    json_string(to, term);
  }
  fputs("}\n", to);
  fclose(to);
  return line;
}

// One line of the supervisor, without its end; false when none came whole.
static bool read_line(int fd, char *line, size_t room) {
  for (size_t used = 0; used + 1 < room;) {
    ssize_t n = read(fd, line + used, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n != 1) return false;
    if (line[used] == '\n') return line[used] = '\0', true;
    used++;
  }
  return false;
}

// The value of a string field of a flat answer, as it is written there; NULL when there is none. The supervisor's JSON has no spaces.
static char *field(const char *line, const char *name) {
  char *key = format("\"%s\":\"", name);
  const char *at = strstr(line, key);
  size_t skip = strlen(key);
  free(key);
  if (at == NULL) return NULL;
  size_t length = 0;
  for (at += skip; at[length] != '"' && at[length] != 0; length++) {
    if (at[length] == '\\' && at[length + 1] != 0) length++;
  }
  return format("%.*s", (int)length, at);
}

static bool is(const char *line, const char *kind) {
  char *start = format("{\"kind\":\"%s\"", kind);
  bool same = strncmp(line, start, strlen(start)) == 0;
  free(start);
  return same;
}

// Everything that a terminal could take for more than a letter is a question mark.
static void say(const char *before, const char *text) {
  if (text == NULL) return;
  fputs(before, stderr);
  for (; *text != 0; text++) {
    if (*text == '\\' && (text[1] == '"' || text[1] == '\\')) text++;
    fputc(*text >= ' ' && *text < 0x7f ? *text : '?', stderr);
  }
  fputc('\n', stderr);
}

static int refused(const char *line) {
  char *message = field(line, "message");
  say("ringfence: ", message == NULL ? "the session does not answer" : message);
  say("hint: ", message == NULL ? "`ringfence sessions` shows whether it still runs" : field(line, "hint"));
  return strstr(line, "\"exitCode\":126") != NULL && is(line, "refused") ? EXIT_REFUSED : EXIT_NO_FENCE;
}

// The command's end was not heard, or it was killed, perhaps with its session.
static int last_word(int fd, char *line, int code) {
  if (!read_line(fd, line, LINE_MOST) || is(line, "session-ended")) {
    char *limit = is(line, "session-ended") ? field(line, "limit") : NULL;
    say("ringfence: the session has ended, and this command with it", limit == NULL ? "" : ": the limit was reached");
    say("hint: ", "`ringfence sessions` lists what runs");
    return limit == NULL ? 128 + SIGKILL : EXIT_LIMIT;
  }
  if (is(line, "failed")) return refused(line);
  const char *number = strstr(line, "\"code\":");
  return is(line, "ended") && number != NULL ? atoi(number + strlen("\"code\":")) : code;
}

int run_exec(const char *folder, char **argv) {
  static char line[LINE_MOST];
  signal(SIGPIPE, SIG_IGN);
  char *asked = format("%s/exec.sock", folder), *brought = format("%s/commands.sock", folder);
  size_t size;
  char *request = wish(argv, &size);
  int fd = connect_below(asked, SOCK_STREAM);
  if (fd < 0 || size > LINE_MOST || !write_all(fd, request, size) || !read_line(fd, line, sizeof line)) return refused("");
  char *token = is(line, "announced") ? field(line, "token") : NULL;
  if (token == NULL || !is_token(token, strlen(token))) return refused(line);
  int code = run_attach(brought, token);
  line[0] = '\0';
  return code == EXIT_LOST || code == 128 + SIGKILL ? last_word(fd, line, code) : code;
}
