#pragma once

#include <cereal/archives/portable_binary.hpp>
#include <cereal/cereal.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

namespace prun::detail {

// Reads what cereal's portable binary archive has written, in little-endian, from bytes that anybody
// may have written. cereal's own reader believes every length: eight bytes make it take any memory.
// This one takes no more elements than there are bytes for them, holds booleans to be 0 or 1, and
// ends before values within values have used up the stack. Whatever is wrong is a cereal::Exception.
//
// A cereal archive: on the stack of one unpacking. The bytes stay in place.
class PackedInput : public cereal::InputArchive<PackedInput, cereal::AllowEmptyClassElision> {
 public:
  explicit PackedInput(std::span<const std::byte> packed)
      : InputArchive(this), left_(packed), elements_left_(packed.size() + elements_of_nothing) {
    std::uint8_t little_endian = 0;
    copy(&little_endian, sizeof(little_endian));
    if (little_endian != 1) throw cereal::Exception("they are not of prun");
  }

  std::size_t left() const { return left_.size(); }

  void copy(void* to, std::uint64_t bytes) {
    if (bytes > left_.size()) throw cereal::Exception("they end too early");
    if (bytes == 0) return;
    std::memcpy(to, left_.data(), static_cast<std::size_t>(bytes));
    left_ = left_.subspan(static_cast<std::size_t>(bytes));
  }
  bool boolean() {
    std::uint8_t value = 0;
    copy(&value, sizeof(value));
    if (value > 1) throw cereal::Exception("a boolean is neither 0 nor 1");
    return value == 1;
  }
  // A container is about to make so many elements. Each has at least a byte of its own, so all
  // containers together never have more than there are bytes.
  std::uint64_t length() {
    cereal::size_type count = 0;
    copy(&count, sizeof(count));
    if (count > elements_left_)
      throw cereal::Exception("a length of " + std::to_string(count) +
                              " is more than they can hold");
    elements_left_ -= count;
    return count;
  }
  void enter() const {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    if ((begin_ > here ? begin_ - here : here - begin_) > most_stack_bytes)
      throw cereal::Exception("values lie too deep within values");
  }

 private:
  // But for those of classes without members, for which cereal writes nothing.
  static constexpr std::uint64_t elements_of_nothing = 4096;
  // Half of what a thread usually has.
  static constexpr std::uintptr_t most_stack_bytes = std::uintptr_t{4} << 20;

  std::span<const std::byte> left_;
  std::uint64_t elements_left_;
  std::uintptr_t begin_ = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
};

// What cereal finds by their names.

template <class T>
void prologue(PackedInput& archive, const T&) {
  archive.enter();
}
// A value that has none yet: nobody is to think that it is looked at.
template <class T>
void prologue(PackedInput& archive, T&) {
  archive.enter();
}

template <class T>
requires std::is_arithmetic_v<T>
void load(PackedInput& archive, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    value = archive.boolean();
  } else {
    archive.copy(&value, sizeof(value));
  }
}

template <class T>
void load(PackedInput& archive, cereal::NameValuePair<T>& pair) {
  archive(pair.value);
}

template <class T>
void load(PackedInput& archive, cereal::SizeTag<T>& tag) {
  tag.size = static_cast<std::remove_cvref_t<T>>(archive.length());
}

template <class T>
void load(PackedInput& archive, cereal::BinaryData<T>& data) {
  using Value = std::remove_pointer_t<std::remove_cvref_t<T>>;
  if constexpr (std::is_same_v<Value, bool>) {
    for (std::uint64_t i = 0; i < data.size; ++i)
      static_cast<bool*>(data.data)[i] = archive.boolean();
  } else {
    archive.copy(data.data, data.size);
  }
}

}  // namespace prun::detail

CEREAL_REGISTER_ARCHIVE(prun::detail::PackedInput)

template <>
struct cereal::traits::detail::get_output_from_input<prun::detail::PackedInput> {
  using type = cereal::PortableBinaryOutputArchive;
};
