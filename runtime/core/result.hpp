#pragma once

#include <prun/error.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "runtime/core/assert.hpp"

namespace prun::core {

// A failure on its way to the caller: plain data, thrown as prun::Error only at the public edge.
struct Failure {
  Errc code = Errc::bad_data;
  std::string text;
  std::int32_t peer = -1;  // world rank, or -1

  [[noreturn]] void raise() const { throw Error(code, text, peer); }
};

// Either a value or the Failure that stands in its place. Reading the wrong one is a bug of ours.
template <class T>
class [[nodiscard]] Result {
 public:
  // Implicit on purpose: `return value;` and `return Failure{...};` are how a function answers.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  T& value() & {
    PRUN_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    PRUN_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    PRUN_ASSERT(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  const Failure& failure() const {
    PRUN_ASSERT(state_.index() == 1);
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Failure> state_;
};

struct Done {};
using Status = Result<Done>;

}  // namespace prun::core
