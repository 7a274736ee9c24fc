#include "launcher/liveness/probe.hpp"

#include <sodium.h>

#include <algorithm>
#include <string_view>

#include "runtime/core/assert.hpp"
#include "runtime/wire/codec.hpp"
#include "runtime/wire/limits.hpp"

namespace prun::liveness {
namespace {

constexpr std::string_view magic = "prun";
constexpr std::size_t head_bytes = 16;
constexpr std::size_t tag_bytes = 16;

}  // namespace

Datagram make_probe(const security::Key& key, ProbeKind kind, std::uint64_t number) {
  PRUN_ASSERT(sodium_init() >= 0);
  Datagram datagram{};
  std::transform(magic.begin(), magic.end(), datagram.begin(),
                 [](char letter) { return static_cast<std::byte>(letter); });
  datagram[4] = static_cast<std::byte>(wire::control_protocol_version);
  datagram[5] = static_cast<std::byte>(kind);
  wire::store_little(datagram.data() + 8, number);
  const auto* head = reinterpret_cast<const unsigned char*>(datagram.data());
  crypto_generichash(reinterpret_cast<unsigned char*>(datagram.data()) + head_bytes, tag_bytes,
                     head, head_bytes, reinterpret_cast<const unsigned char*>(key.data()),
                     key.size());
  return datagram;
}

std::optional<std::uint64_t> read_probe(const security::Key& key, ProbeKind kind,
                                        std::span<const std::byte> bytes) {
  if (bytes.size() != std::tuple_size_v<Datagram>) return std::nullopt;
  const auto number = wire::load_little<std::uint64_t>(bytes.data() + 8);
  const Datagram expected = make_probe(key, kind, number);
  if (sodium_memcmp(expected.data(), bytes.data(), expected.size()) != 0) return std::nullopt;
  return number;
}

}  // namespace prun::liveness
