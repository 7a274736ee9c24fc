#pragma once

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

// Which values can travel, and what is said about them on the wire.
//
// Every message carries the kind and width of its elements and how many there are; a receive that
// asks for another type or another width is an error naming both, so boards of 32 and 64 bits work
// in one job and cannot misread each other. Types whose width differs between boards:
//   - `long` and `unsigned long` are refused at compile time on 32-bit boards; on 64-bit ones they
//   are the same types
//     as std::int64_t and std::uint64_t and travel as those. std::size_t likewise is std::uint32_t
//     or std::uint64_t. A mixed job that sends them gets a type_mismatch naming both widths: use
//     std::int64_t and std::uint64_t.
//   - pointers, references, long double and wchar_t are refused at compile time, also as elements of
//     arrays and arguments of templates. Members of a struct are not seen.
namespace prun {

enum class Kind : std::uint8_t {
  bytes = 1,         // std::byte
  boolean,           // bool
  character,         // char, char8_t, char16_t, char32_t
  signed_integer,    // std::int8_t ... std::int64_t, and enumerations over them
  unsigned_integer,  // std::uint8_t ... std::uint64_t
  floating,          // float, double
  complex,           // std::complex<float>, std::complex<double>
  record,            // any other trivially copyable type; compared by size and name
  serialized,        // a value packed by <prun/serialize.hpp>; counted in bytes
};

// The type of a message's elements as it travels. A plain value.
struct Datatype {
  Kind kind = Kind::bytes;
  std::uint32_t size = 1;       // bytes of one element
  std::uint64_t name_hash = 0;  // of the type's name, for record and serialized; otherwise 0

  bool operator==(const Datatype&) const = default;
};

// "int32", "double", "record of 24 bytes": for messages to people.
std::string to_string(const Datatype& type);

namespace detail {

// The spelling of T in this compiler, without qualifiers of the function it is taken from.
template <class T>
constexpr std::string_view type_name() {
  constexpr std::string_view whole = __PRETTY_FUNCTION__;
  constexpr std::string_view key = "T = ";
  constexpr std::size_t begin = whole.find(key) + key.size();
  constexpr std::size_t end = whole.find_first_of(";]", begin);
  return whole.substr(begin, end - begin);
}

// FNV-1a (Fowler, Noll, Vo), 64 bits.
constexpr std::uint64_t hash_name(std::string_view name) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

template <class T>
inline constexpr bool is_complex = false;
template <>
inline constexpr bool is_complex<std::complex<float>> = true;
template <>
inline constexpr bool is_complex<std::complex<double>> = true;

template <class T>
inline constexpr bool is_character = std::is_same_v<T, char> || std::is_same_v<T, char8_t> ||
                                     std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;

// Whether the width of T differs between boards, or of what an array, pair or other template is made
// of.
template <class T>
inline constexpr bool has_no_fixed_width =
    std::is_same_v<T, long double> || std::is_same_v<T, wchar_t> ||
    (sizeof(long) == 4 && (std::is_same_v<T, long> || std::is_same_v<T, unsigned long>));
template <class T>
requires std::is_const_v<T>
inline constexpr bool has_no_fixed_width<T> = has_no_fixed_width<std::remove_const_t<T>>;
template <class T, std::size_t N>
inline constexpr bool has_no_fixed_width<T[N]> = has_no_fixed_width<T>;
template <class T, std::size_t N>
inline constexpr bool has_no_fixed_width<std::array<T, N>> = has_no_fixed_width<T>;
template <template <class...> class Template, class... Parts>
inline constexpr bool has_no_fixed_width<Template<Parts...>> = (has_no_fixed_width<Parts> || ...);

// Width differs between boards, or meaning does.
template <class T>
inline constexpr bool is_refused =
    std::is_pointer_v<T> || std::is_member_pointer_v<T> || std::is_null_pointer_v<T> ||
    std::is_reference_v<T> || has_no_fixed_width<T> ||
    std::ranges::view<T> /* string_view, span: they point elsewhere */;

}  // namespace detail

// A type whose values can be elements of a message without being packed: arithmetic types,
// enumerations, and structs that are trivially copyable. A struct with a pointer inside passes this
// test and makes no sense on the wire.
template <class T>
concept Element = std::is_object_v<T> && !std::is_const_v<T> && !std::is_volatile_v<T> &&
                  !std::is_array_v<T> && std::is_trivially_copyable_v<T> && !std::is_empty_v<T> &&
                  !detail::is_refused<T> && alignof(T) <= alignof(std::max_align_t);

// The Datatype of T.
template <Element T>
constexpr Datatype datatype_of() {
  constexpr auto size = static_cast<std::uint32_t>(sizeof(T));
  if constexpr (std::is_same_v<T, std::byte>) {
    return {Kind::bytes, size, 0};
  } else if constexpr (std::is_same_v<T, bool>) {
    return {Kind::boolean, size, 0};
  } else if constexpr (std::is_enum_v<T>) {
    return datatype_of<std::underlying_type_t<T>>();
  } else if constexpr (detail::is_character<T>) {
    return {Kind::character, size, 0};
  } else if constexpr (std::is_integral_v<T>) {
    return {std::is_signed_v<T> ? Kind::signed_integer : Kind::unsigned_integer, size, 0};
  } else if constexpr (std::is_floating_point_v<T>) {
    return {Kind::floating, size, 0};
  } else if constexpr (detail::is_complex<T>) {
    return {Kind::complex, size, 0};
  } else {
    return {Kind::record, size, detail::hash_name(detail::type_name<T>())};
  }
}

}  // namespace prun
