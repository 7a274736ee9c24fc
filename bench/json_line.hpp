#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace prun::bench {

// One JSON object on one line, members in the order they are added. Keys are plain words.
class JsonLine {
 public:
  JsonLine& add(std::string_view key, std::string_view value);
  JsonLine& add(std::string_view key, const char* value) {
    return add(key, std::string_view(value));
  }
  // Infinities and NaN, which JSON does not have, become null.
  JsonLine& add(std::string_view key, double value);
  JsonLine& add(std::string_view key, std::uint64_t value);
  JsonLine& add(std::string_view key, bool value);

  std::string text() const { return "{" + members_ + "}"; }

 private:
  JsonLine& add_raw(std::string_view key, std::string_view value);

  std::string members_;
};

}  // namespace prun::bench
