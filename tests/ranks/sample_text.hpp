#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace prun::test {

// Words that repeat, so that compression halves them at least. Another seed, another text.
inline std::vector<std::byte> sample_text(std::size_t count, unsigned seed) {
  std::minstd_rand random(seed + 1);
  std::vector<std::byte> bytes;
  bytes.reserve(count + 20);
  while (bytes.size() < count) {
    for (const char c : "word " + std::to_string(random() % 500) + ' ')
      bytes.push_back(static_cast<std::byte>(c));
  }
  bytes.resize(count);
  return bytes;
}

}  // namespace prun::test
