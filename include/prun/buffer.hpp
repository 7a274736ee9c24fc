#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <ranges>
#include <string_view>
#include <type_traits>

#include <prun/datatype.hpp>

// How a user's value becomes the elements of a message and back, without a copy where they lie side
// by side.
namespace prun {

// The send buffer of a collective whose receive buffer already holds this rank's contribution.
struct InPlace {};
inline constexpr InPlace in_place{};

namespace detail {

template <class R>
using range_element = std::remove_cv_t<std::ranges::range_value_t<R>>;

// A sized run of elements in memory: span, vector, array, string, C array.
template <class R>
concept ElementRange =
    std::ranges::contiguous_range<R> && std::ranges::sized_range<R> && Element<range_element<R>>;

// What is sent as it lies: one element, or a run of them. An array is a run, not an element.
template <class T>
concept Plain = ElementRange<const T> || Element<T>;

template <class R>
concept WritableRange =
    ElementRange<R> && !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<R>>>;

// What a collective takes from each rank.
template <class T>
concept Contribution = Plain<T> || std::is_same_v<T, InPlace>;

// What is received as it lies.
template <class T>
concept PlainTarget = WritableRange<T> ||(Element<T> && !ElementRange<T>);

// A run whose owner can be made as long as the message: vector, string.
template <class R>
concept Growable = WritableRange<R> && requires(R& range, std::size_t count) {
  range.resize(count);
};

// Packing of values that are neither. <prun/serialize.hpp> gives it to whatever cereal can
// serialize:
//   static std::vector<std::byte> pack(const T&);  static T unpack(std::span<const std::byte>);
//   static constexpr Datatype datatype();
template <class T>
struct Packer;

template <class T>
concept Packable = !Plain<T> && requires {
  sizeof(Packer<T>);
};

// A type the element of a message may be: for the scalar element of a plain type, or of a run.
template <class T>
struct element_of {
  using type = T;
};
template <class T>
requires ElementRange<const T>
struct element_of<T> {
  using type = range_element<const T>;
};
template <class T>
using element_of_t = typename element_of<std::remove_cvref_t<T>>::type;

// Elements to be sent. They are the caller's and must stay in place until the operation is
// complete.
struct SendBuffer {
  const std::byte* data = nullptr;
  std::size_t count = 0;  // elements
  Datatype type;
  bool in_place =
      false;  // collectives: the contribution lies in the receive buffer already; the rest is unset

  std::size_t bytes() const { return count * type.size; }
};

// A place for elements to be received. It is the caller's and must stay until the operation is
// complete.
struct RecvBuffer {
  std::byte* data = nullptr;
  std::size_t count = 0;  // elements it holds; with `grow`, as many as it holds now
  Datatype type;
  bool exact = false;  // a message of fewer elements is an error too
  std::byte* (*grow)(void* owner, std::size_t count) =
      nullptr;  // makes it hold exactly so many, gives the place
  void* owner = nullptr;

  std::size_t bytes() const { return count * type.size; }
};

// A string literal travels as the characters before its terminating zero.
template <std::size_t N>
SendBuffer send_buffer(const char (&literal)[N]) {
  const std::string_view text(literal);
  return {reinterpret_cast<const std::byte*>(text.data()), text.size(), datatype_of<char>()};
}

template <Plain T>
SendBuffer send_buffer(const T& value) {
  if constexpr (ElementRange<const T>) {
    return {reinterpret_cast<const std::byte*>(std::ranges::data(value)),
            static_cast<std::size_t>(std::ranges::size(value)),
            datatype_of<range_element<const T>>()};
  } else {
    return {reinterpret_cast<const std::byte*>(std::addressof(value)), 1, datatype_of<T>()};
  }
}

template <Contribution T>
SendBuffer contribution(const T& value) {
  if constexpr (std::is_same_v<T, InPlace>) {
    SendBuffer buffer;
    buffer.in_place = true;
    return buffer;
  } else {
    return send_buffer(value);
  }
}

template <Growable R>
std::byte* grow_range(void* owner, std::size_t count) {
  R& range = *static_cast<R*>(owner);
  range.resize(count);
  return reinterpret_cast<std::byte*>(std::ranges::data(range));
}

// The place a value offers. A vector or string is made as long as the message; a span or array is
// filled from its front; a single element takes a message of exactly one.
template <PlainTarget T>
RecvBuffer recv_buffer(T& target) {
  if constexpr (WritableRange<T>) {
    RecvBuffer buffer{reinterpret_cast<std::byte*>(std::ranges::data(target)),
                      static_cast<std::size_t>(std::ranges::size(target)),
                      datatype_of<range_element<T>>()};
    if constexpr (Growable<T>) {
      buffer.grow = &grow_range<T>;
      buffer.owner = std::addressof(target);
    }
    return buffer;
  } else {
    return {reinterpret_cast<std::byte*>(std::addressof(target)), 1, datatype_of<T>(), true};
  }
}

// The same as a fixed place, whatever the owner could do: for collectives, whose counts are agreed
// beforehand.
template <PlainTarget T>
RecvBuffer fixed_buffer(T& target) {
  RecvBuffer buffer = recv_buffer(target);
  buffer.grow = nullptr;
  buffer.owner = nullptr;
  buffer.exact = true;
  return buffer;
}

}  // namespace detail
}  // namespace prun
