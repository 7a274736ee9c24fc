#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <prun/datatype.hpp>

// Reduction operations: any callable T(const T&, const T&) that is associative. One that is not
// known to be commutative is applied strictly in rank order: ((x0 op x1) op x2) op ... up to
// association.
namespace prun {

// The smaller and the larger of two values.
struct Min {
  template <class T>
  constexpr T operator()(const T& a, const T& b) const {
    return b < a ? b : a;
  }
};
struct Max {
  template <class T>
  constexpr T operator()(const T& a, const T& b) const {
    return a < b ? b : a;
  }
};
inline constexpr Min min{};
inline constexpr Max max{};

// A value and where it stands, for min_location and max_location: the lower index wins among
// equals.
template <class T>
struct Located {
  T value{};
  std::int32_t index = 0;

  bool operator==(const Located&) const = default;
};

struct MinLocation {
  template <class T>
  constexpr Located<T> operator()(const Located<T>& a, const Located<T>& b) const {
    if (b.value < a.value || (b.value == a.value && b.index < a.index)) return b;
    return a;
  }
};
struct MaxLocation {
  template <class T>
  constexpr Located<T> operator()(const Located<T>& a, const Located<T>& b) const {
    if (a.value < b.value || (b.value == a.value && b.index < a.index)) return b;
    return a;
  }
};
inline constexpr MinLocation min_location{};
inline constexpr MaxLocation max_location{};

// An operation its author declares commutative, so that it may be applied in any order of ranks.
template <class F>
struct Commutative {
  F function;

  template <class T>
  constexpr T operator()(const T& a, const T& b) const {
    return function(a, b);
  }
};

// world.allreduce(x, prun::commutative([](Point a, Point b) { return a + b; }))
template <class F>
constexpr Commutative<F> commutative(F function) {
  return {std::move(function)};
}

namespace detail {

// Whether Op on elements of T may be applied in any order: declared so by its author, or one of the
// standard operations on numbers (std::plus of a user's matrix need not commute).
template <class Op>
inline constexpr bool is_declared_commutative = false;
template <class F>
inline constexpr bool is_declared_commutative<Commutative<F>> = true;
template <>
inline constexpr bool is_declared_commutative<MinLocation> = true;
template <>
inline constexpr bool is_declared_commutative<MaxLocation> = true;

template <class Op>
inline constexpr bool commutes_on_numbers = false;
template <>
inline constexpr bool commutes_on_numbers<Min> = true;
template <>
inline constexpr bool commutes_on_numbers<Max> = true;
template <class T>
inline constexpr bool commutes_on_numbers<std::plus<T>> = true;
template <class T>
inline constexpr bool commutes_on_numbers<std::multiplies<T>> = true;
template <class T>
inline constexpr bool commutes_on_numbers<std::logical_and<T>> = true;
template <class T>
inline constexpr bool commutes_on_numbers<std::logical_or<T>> = true;
template <class T>
inline constexpr bool commutes_on_numbers<std::bit_and<T>> = true;
template <class T>
inline constexpr bool commutes_on_numbers<std::bit_or<T>> = true;
template <class T>
inline constexpr bool commutes_on_numbers<std::bit_xor<T>> = true;

template <class T, class Op>
inline constexpr bool is_commutative = is_declared_commutative<Op> ||
                                       (commutes_on_numbers<Op> &&
                                        (std::is_arithmetic_v<T> || is_complex<T>));

// An operation with its types taken off: what the algorithms call. Copies share the callable.
struct Reduction {
  // out[i] = left[i] op right[i]. `out` may be `left` or `right`. All three are aligned for the
  // element type.
  void (*apply)(const void* callable, const std::byte* left, const std::byte* right, std::byte* out,
                std::size_t count) = nullptr;
  std::shared_ptr<const void> callable;
  bool commutative = false;

  void operator()(const std::byte* left, const std::byte* right, std::byte* out,
                  std::size_t count) const {
    apply(callable.get(), left, right, out, count);
  }
};

template <Element T, class Op>
requires std::is_invocable_r_v<T, const Op&, const T&, const T&> Reduction make_reduction(Op op) {
  Reduction reduction;
  reduction.callable = std::make_shared<const Op>(std::move(op));
  reduction.commutative = is_commutative<T, Op>;
  reduction.apply = [](const void* callable, const std::byte* left, const std::byte* right,
                       std::byte* out, std::size_t count) {
    const Op& function = *static_cast<const Op*>(callable);
    // By way of void: compilers for ARM would warn of the alignment, which whoever calls has seen to.
    const T* a = static_cast<const T*>(static_cast<const void*>(left));
    const T* b = static_cast<const T*>(static_cast<const void*>(right));
    T* result = static_cast<T*>(static_cast<void*>(out));
    for (std::size_t i = 0; i < count; ++i) result[i] = static_cast<T>(function(a[i], b[i]));
  };
  return reduction;
}

}  // namespace detail
}  // namespace prun
