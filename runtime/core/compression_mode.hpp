#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace prun::core {

// What `prun --compress` asks of the large payloads between hosts. The numbers travel.
enum class CompressionMode : std::uint8_t {
  automatic = 0,  // where it is worth it: decided for each connection from what is measured
  off = 1,
  lz4 = 2,  // always, but for what does not shrink
};

inline constexpr std::string_view compression_modes = "auto, off or lz4";

inline std::optional<CompressionMode> parse_compression_mode(std::string_view word) {
  if (word == "auto") return CompressionMode::automatic;
  if (word == "off") return CompressionMode::off;
  if (word == "lz4") return CompressionMode::lz4;
  return std::nullopt;
}

}  // namespace prun::core
