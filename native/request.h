// What the supervisor wants started beside the first command: the same fence, other words. Parsed like the program (program.h).
#ifndef RINGFENCE_REQUEST_H
#define RINGFENCE_REQUEST_H

#include <stdbool.h>

#include "program.h"

enum { TOKEN_LENGTH = 32 };

// One further command. Its strings point into the bytes it was parsed from.
struct request {
  char token[TOKEN_LENGTH + 1];
  struct list argv, env;
  char *cwd;
  bool tty[3];
  int raw;  // a file with the bytes as they were announced, for process 1 (spawn.h)
};

// Parses SIZE bytes in place: `arg`, `env`, `cwd` and `tty` records, nothing else. False on anything that is not exactly that. Pure.
bool parse_request(char *bytes, size_t size, struct request *request);

// PROGRAM, a copy of the first command's, says from now on what REQUEST asks for, in the environment of the first.
void request_program(struct program *program, const struct request *request);

// Frees what parse_request made (not the bytes).
void free_request(struct request *request);

// True for exactly TOKEN_LENGTH lower-case hexadecimal digits.
bool is_token(const char *text, size_t length);

#endif
