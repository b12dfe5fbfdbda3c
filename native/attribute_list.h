// What stands in extended attributes below a folder, for whoever looks for secrets there.
#ifndef RINGFENCE_ATTRIBUTE_LIST_H
#define RINGFENCE_ATTRIBUTE_LIST_H

// `attributes PATH`: prints, for each attribute of the `user.` family of each file and folder at and below PATH, `path\0name\0size\0value`: the path below
// PATH, the size in decimal, the value as it is. Ends with 1, told on standard error, when something could not be looked at.
int run_attributes(const char *path);

#endif
