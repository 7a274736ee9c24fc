#include "film_name.hpp"

#include <cstddef>
#include <stdexcept>

namespace wall {

std::string film_name(const std::string& pattern, int rank, const std::string& host) {
  std::string name;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      name += pattern[i];
      continue;
    }
    ++i;
    const char what = i < pattern.size() ? pattern[i] : '\0';
    switch (what) {
      case 'r':
        name += std::to_string(rank);
        break;
      case 'n':
        name += std::to_string(rank + 1);
        break;
      case 'h':
        name += host;
        break;
      case '%':
        name += '%';
        break;
      default:
        throw std::invalid_argument("'" + pattern +
                                    "' has a % without r (rank), n (rank counted from 1), h "
                                    "(host) or % behind it");
    }
  }
  return name;
}

}  // namespace wall
