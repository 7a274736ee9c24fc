#pragma once

#include <string>

namespace prun::cli {

// What `prun --help` prints: 80 columns, about a screen.
std::string help_text();

// What `prun --version` prints.
std::string version_text();

}  // namespace prun::cli
