#include <iostream>

#include "roman.h"

static int check(int number, const std::string &want) {
  const std::string text = roman(number);
  std::cout << (text == want ? "ok " : "not ok ") << number << ": " << text << '\n';
  return text != want;
}

int main() { return check(1994, "MCMXCIV") + check(2026, "MMXXVI"); }
