#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Little-endian fixed-width fields, written and read byte by byte: no struct is cast, no native
// width travels. Both classes are plain values of one thread.
namespace prun::wire {

template <class Unsigned>
void store_little(std::byte* out, Unsigned value) noexcept {
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
    out[i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
  }
}

template <class Unsigned>
Unsigned load_little(const std::byte* in) noexcept {
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
    value = static_cast<Unsigned>(value | (static_cast<Unsigned>(in[i]) << (8 * i)));
  }
  return value;
}

// Appends fields to a growing buffer.
class Writer {
 public:
  void u8(std::uint8_t value) { out_.push_back(std::byte{value}); }
  void u16(std::uint16_t value) { put(value); }
  void u32(std::uint32_t value) { put(value); }
  void u64(std::uint64_t value) { put(value); }
  void i32(std::int32_t value) { put(static_cast<std::uint32_t>(value)); }
  void raw(std::span<const std::byte> bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }
  // u32 length, then the bytes.
  void bytes(std::span<const std::byte> value) {
    u32(static_cast<std::uint32_t>(value.size()));
    raw(value);
  }
  void string(std::string_view value) {
    bytes(std::as_bytes(std::span(value.data(), value.size())));
  }

  std::size_t size() const noexcept { return out_.size(); }
  // Overwrites four bytes written earlier: for a length known only at the end.
  void patch_u32(std::size_t at, std::uint32_t value) { store_little(out_.data() + at, value); }
  std::vector<std::byte> take() && { return std::move(out_); }
  std::span<const std::byte> view() const noexcept { return out_; }

 private:
  template <class Unsigned>
  void put(Unsigned value) {
    const std::size_t at = out_.size();
    out_.resize(at + sizeof(Unsigned));
    store_little(out_.data() + at, value);
  }

  std::vector<std::byte> out_;
};

// Takes fields off a buffer that somebody else wrote. After the first field that does not fit,
// every further one reads as zero or empty and ok() is false: check once, at the end, before
// believing anything.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> in) : in_(in) {}

  std::uint8_t u8() { return get<std::uint8_t>(); }
  std::uint16_t u16() { return get<std::uint16_t>(); }
  std::uint32_t u32() { return get<std::uint32_t>(); }
  std::uint64_t u64() { return get<std::uint64_t>(); }
  std::int32_t i32() { return static_cast<std::int32_t>(get<std::uint32_t>()); }
  std::span<const std::byte> raw(std::size_t count) {
    if (!ok_ || count > in_.size()) {
      fail();
      return {};
    }
    const auto taken = in_.first(count);
    in_ = in_.subspan(count);
    return taken;
  }
  std::span<const std::byte> bytes(std::size_t limit) {
    const std::uint32_t length = u32();
    if (length > limit) {
      fail();
      return {};
    }
    return raw(length);
  }
  std::string string(std::size_t limit) {
    const auto taken = bytes(limit);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  // A count of entries that take at least `entry_bytes` each; zero and not ok() if they cannot all
  // be there.
  std::uint32_t count(std::size_t limit, std::size_t entry_bytes) {
    const std::uint32_t entries = u32();
    if (entries > limit || (entry_bytes != 0 && entries > in_.size() / entry_bytes)) {
      fail();
      return 0;
    }
    return entries;
  }

  void fail() {
    ok_ = false;
    in_ = {};
  }
  bool ok() const noexcept { return ok_; }
  // Everything fitted and nothing is left over.
  bool complete() const noexcept { return ok_ && in_.empty(); }
  std::size_t remaining() const noexcept { return in_.size(); }

 private:
  template <class Unsigned>
  Unsigned get() {
    const auto taken = raw(sizeof(Unsigned));
    return taken.empty() ? Unsigned{0} : load_little<Unsigned>(taken.data());
  }

  std::span<const std::byte> in_;
  bool ok_ = true;
};

}  // namespace prun::wire
