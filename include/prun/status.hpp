#pragma once

#include <cstddef>
#include <cstdint>

#include <prun/datatype.hpp>

namespace prun {

// Stands for every rank of the communicator where a receive or probe names its source.
struct AnySource {};
inline constexpr AnySource any_source{};

// Stands for every tag where a receive or probe names its tag.
struct AnyTag {};
inline constexpr AnyTag any_tag{};

// Where a receive may come from: a rank, or any_source. A send cannot be given one by mistake.
class Source {
 public:
  constexpr Source(int rank) : rank_(rank), any_(false) {}
  constexpr Source(AnySource) : rank_(-1), any_(true) {}
  constexpr bool any() const { return any_; }
  constexpr int rank() const { return rank_; }

 private:
  int rank_;
  bool any_;
};

// Which tag a receive takes: a tag (0 to 2^31-1), or any_tag.
class TagMatch {
 public:
  constexpr TagMatch(int tag) : tag_(tag), any_(false) {}
  constexpr TagMatch(AnyTag) : tag_(-1), any_(true) {}
  constexpr bool any() const { return any_; }
  constexpr int tag() const { return tag_; }

 private:
  int tag_;
  bool any_;
};

// What a completed receive or a probe found. For a completed send the numbers are those of the
// call.
struct Status {
  int source = -1;  // rank in the communicator
  int tag = -1;
  std::size_t count = 0;  // elements, not bytes
  Datatype type;
};

}  // namespace prun
