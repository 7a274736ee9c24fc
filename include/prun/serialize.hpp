#pragma once

#include <cereal/archives/portable_binary.hpp>
#include <cereal/cereal.hpp>

#include <cstddef>
#include <exception>
#include <span>
#include <streambuf>
#include <string>
#include <vector>

#include <prun/buffer.hpp>
#include <prun/communicator.hpp>
#include <prun/detail/packed_input.hpp>
#include <prun/error.hpp>

// Sends and receives whatever cereal can serialize: vectors of strings, maps, classes with a
// serialize member. Include the cereal/types/ headers of the types used. Bytes are those of
// cereal's portable binary archive, little-endian. Types whose width differs between machines are
// refused at compile time, also as what a container holds. Members of a class are cereal's matter:
// it writes `long`, std::size_t, wchar_t and long double at this machine's width, so use
// fixed-width ones in mixed jobs. Include it before CEREAL_REGISTER_TYPE. Nothing but this needs
// cereal.
namespace prun::detail {

template <class T>
concept CerealSerializable =
    cereal::traits::is_output_serializable<T, cereal::PortableBinaryOutputArchive>::value &&
    cereal::traits::is_input_serializable<T, PackedInput>::value;

// Appends what is written to a vector of bytes.
class ByteSink : public std::streambuf {
 public:
  explicit ByteSink(std::vector<std::byte>& out) : out_(out) {}

 protected:
  std::streamsize xsputn(const char* data, std::streamsize count) override {
    const auto bytes = std::as_bytes(std::span(data, static_cast<std::size_t>(count)));
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return count;
  }
  int_type overflow(int_type c) override {
    if (!traits_type::eq_int_type(c, traits_type::eof())) out_.push_back(static_cast<std::byte>(c));
    return traits_type::not_eof(c);
  }

 private:
  std::vector<std::byte>& out_;
};

template <CerealSerializable T>
struct Packer<T> {
  static_assert(!has_no_fixed_width<T>,
                "the width of long double, wchar_t and long differs between machines: send double, "
                "char32_t, std::string or a std::int64_t instead");

  static constexpr Datatype datatype() { return {Kind::serialized, 1, hash_name(type_name<T>())}; }

  static std::vector<std::byte> pack(const T& value) {
    std::vector<std::byte> packed;
    ByteSink sink(packed);
    std::ostream stream(&sink);
    cereal::PortableBinaryOutputArchive archive(
        stream, cereal::PortableBinaryOutputArchive::Options::LittleEndian());
    archive(value);
    return packed;
  }

  static T unpack(std::span<const std::byte> packed) {
    T value{};
    std::size_t left = 0;
    try {
      PackedInput archive(packed);
      archive(value);
      left = archive.left();
    } catch (const std::exception& cause) {
      throw Error(Errc::bad_data, "a serialized " + std::string(type_name<T>()) + " of " +
                                      std::to_string(packed.size()) +
                                      " bytes could not be read back: " + cause.what() +
                                      "; do sender and receiver have the same definition of it?");
    }
    if (left != 0) {
      throw Error(Errc::bad_data,
                  "a serialized " + std::string(type_name<T>()) + " has " + std::to_string(left) +
                      " bytes more than its type takes; do sender and receiver have the same "
                      "definition of it?");
    }
    return value;
  }
};

}  // namespace prun::detail
