#include "launcher/stage/content_hash.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "launcher/system/descriptor.hpp"

namespace prun::stage {
namespace {

constexpr std::string_view digits_of_hex = "0123456789abcdef";
constexpr std::size_t read_bytes = 256 * 1024;

}  // namespace

Hasher::Hasher() {
  crypto_generichash_init(&state_, nullptr, 0, std::tuple_size_v<ContentHash>);
}

void Hasher::add(std::span<const std::byte> bytes) {
  crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size());
}

ContentHash Hasher::finish() {
  ContentHash hash;
  crypto_generichash_final(&state_, reinterpret_cast<unsigned char*>(hash.data()), hash.size());
  return hash;
}

std::optional<FileContent> hash_file(const std::string& path) {
  const system::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  Hasher hasher;
  FileContent content{};
  std::vector<std::byte> buffer(read_bytes);
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    hasher.add(std::span(buffer).first(static_cast<std::size_t>(got)));
    content.bytes += static_cast<std::uint64_t>(got);
  }
  content.hash = hasher.finish();
  return content;
}

std::string to_hex(const ContentHash& hash) {
  std::string digits;
  for (const std::byte byte : hash) {
    digits += digits_of_hex[std::to_integer<std::size_t>(byte >> 4)];
    digits += digits_of_hex[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  return digits;
}

std::optional<ContentHash> from_hex(std::string_view digits) {
  ContentHash hash{};
  if (digits.size() != 2 * hash.size()) return std::nullopt;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::size_t value = digits_of_hex.find(digits[i]);
    if (value == digits_of_hex.npos) return std::nullopt;
    hash[i / 2] = (hash[i / 2] << 4) | static_cast<std::byte>(value);
  }
  return hash;
}

}  // namespace prun::stage
