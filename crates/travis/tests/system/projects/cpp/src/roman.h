#pragma once

#include <string>

/// The number as the Romans wrote it.
std::string roman(int number);
