// Strings of a line of JSON that is written, for the errands that speak to the supervisor.
#ifndef RINGFENCE_JSON_LINE_H
#define RINGFENCE_JSON_LINE_H

#include <stdio.h>

// Writes TEXT as one JSON string. Bytes that are not UTF-8 stay as they are: the other side refuses them.
void json_string(FILE *to, const char *text);

#endif
