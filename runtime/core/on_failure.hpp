#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace prun::core {

// What `prun --on-failure` wants when a rank is lost. The numbers travel.
enum class OnFailure : std::uint8_t {
  end = 0,    // the job ends
  go_on = 1,  // the other ranks go on
};

inline constexpr std::string_view on_failure_words = "end or continue";

inline std::optional<OnFailure> parse_on_failure(std::string_view word) {
  if (word == "end") return OnFailure::end;
  if (word == "continue") return OnFailure::go_on;
  return std::nullopt;
}

}  // namespace prun::core
