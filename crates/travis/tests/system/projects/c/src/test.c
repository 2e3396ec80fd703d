#include <stdio.h>
#include <string.h>

#include "roman.h"

static int check(int number, const char *want) {
  char text[16];
  roman_write(number, text);
  printf("%s %d: %s\n", strcmp(text, want) ? "not ok" : "ok", number, text);
  return strcmp(text, want) != 0;
}

int main(void) { return check(1994, "MCMXCIV") + check(2026, "MMXXVI"); }
