// Strings of JSON (json_line.h).
#include "json_line.h"

void json_string(FILE *to, const char *text) {
  fputc('"', to);
  for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++) {
    if (*at == '"' || *at == '\\') fprintf(to, "\\%c", *at);
    else if (*at < ' ' || *at == 0x7f) fprintf(to, "\\u%04x", *at);
    else fputc(*at, to);
  }
  fputc('"', to);
}
