#include "runtime/clock/clock_packet.hpp"

#include <sodium.h>

#include "runtime/wire/codec.hpp"

namespace prun::clock {
namespace {

constexpr std::uint32_t magic = 0x74637270;  // "prct"
constexpr std::uint8_t version = 1;
constexpr std::size_t hash_bytes = 16;
constexpr std::size_t hashed_bytes = clock_packet_bytes - hash_bytes;

void hash(const security::Key& key, std::span<const std::byte> bytes, std::byte* out) {
  ::crypto_generichash(reinterpret_cast<unsigned char*>(out), hash_bytes,
                       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                       reinterpret_cast<const unsigned char*>(key.data()), key.size());
}

}  // namespace

security::Key clock_key(const security::Key& job_key) {
  return security::derive_key(job_key, "prun clock");
}

ClockPacketBytes encode(const security::Key& key, const ClockPacket& packet) {
  ClockPacketBytes bytes{};
  std::byte* at = bytes.data();
  const auto put = [&at](auto value) {
    wire::store_little(at, value);
    at += sizeof(value);
  };
  put(magic);
  put(version);
  put(static_cast<std::uint8_t>(packet.kind));
  put(packet.leader);
  put(packet.job_id);
  put(packet.from);
  put(packet.to);
  put(packet.cookie);
  put(static_cast<std::uint64_t>(packet.received));
  put(static_cast<std::uint64_t>(packet.answered));
  put(static_cast<std::uint64_t>(packet.error));
  hash(key, std::span(bytes).first(hashed_bytes), bytes.data() + hashed_bytes);
  return bytes;
}

std::optional<ClockPacket> decode(const security::Key& key, std::uint64_t job_id,
                                  std::span<const std::byte> bytes) {
  if (bytes.size() != clock_packet_bytes) return std::nullopt;
  wire::Reader in(bytes.first(hashed_bytes));
  if (in.u32() != magic || in.u8() != version) return std::nullopt;
  ClockPacket packet;
  const std::uint8_t kind = in.u8();
  packet.leader = in.u16();
  packet.kind = static_cast<ClockPacket::Kind>(kind);
  packet.job_id = in.u64();
  packet.from = in.u32();
  packet.to = in.u32();
  packet.cookie = in.u64();
  packet.received = static_cast<Nanoseconds>(in.u64());
  packet.answered = static_cast<Nanoseconds>(in.u64());
  packet.error = static_cast<Nanoseconds>(in.u64());
  if (packet.job_id != job_id || (kind != 1 && kind != 2)) return std::nullopt;
  std::array<std::byte, hash_bytes> expected{};
  hash(key, bytes.first(hashed_bytes), expected.data());
  if (::sodium_memcmp(expected.data(), bytes.data() + hashed_bytes, hash_bytes) != 0)
    return std::nullopt;
  return packet;
}

}  // namespace prun::clock
