#pragma once

#include <sodium/crypto_generichash.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace prun::stage {

// What tells one content from another: BLAKE2b of all its bytes. A plain value.
using ContentHash = std::array<std::byte, 32>;

// Takes the bytes as they come. One thread.
class Hasher {
 public:
  Hasher();
  void add(std::span<const std::byte> bytes);
  ContentHash finish();

 private:
  crypto_generichash_state state_;
};

struct FileContent {
  ContentHash hash;
  std::uint64_t bytes = 0;

  bool operator==(const FileContent&) const = default;
};

// Nothing where the file cannot be read to its end; errno says why.
std::optional<FileContent> hash_file(const std::string& path);

// 64 digits.
std::string to_hex(const ContentHash& hash);
std::optional<ContentHash> from_hex(std::string_view digits);

}  // namespace prun::stage
