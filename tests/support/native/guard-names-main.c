// The pure rule alone, over a table on standard input: one case a line, `WORD<TAB>PATH[<TAB>PATH]`. Prints one answer a line.
// file, link, folder: is that deed at PATH refused?  same: has everything below both PATHs the same fate?
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "../../../native/guard_names.h"

static size_t split(char *text, const char **list, size_t room) {
  size_t count = 0;
  for (char *part = strtok(text, ","); part != NULL && count < room; part = strtok(NULL, ",")) list[count++] = part;
  return count;
}

int main(int argc, char **argv) {
  static const char *patterns[1024], *except[64];
  struct names names;
  char line[16384];
  if (argc != 3) return 64;
  size_t count = split(argv[1], patterns, 1024), excepted = split(argv[2], except, 64);
  if (!names_init(&names, patterns, count, except, excepted)) return 65;
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = 0;
    char *rest = line;
    const char *word = strsep(&rest, "\t"), *first = strsep(&rest, "\t"), *second = strsep(&rest, "\t");
    if (first == NULL) return 65;
    struct spot spot = names_path(&names, first);
    if (strcmp(word, "same") == 0) {
      struct spot other = names_path(&names, second == NULL ? "" : second);
      puts(names_same(&spot, &other) ? "yes" : "no");
    } else {
      enum deed deed = strcmp(word, "file") == 0 ? DEED_FILE : strcmp(word, "link") == 0 ? DEED_LINK : DEED_FOLDER;
      puts(names_refuse(&spot, deed) ? "refused" : "done");
    }
  }
  return 0;
}
