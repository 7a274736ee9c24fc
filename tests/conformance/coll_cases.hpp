#pragma once

#include <prun/datatype.hpp>
#include <prun/op.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/coll/arguments.hpp"
#include "tests/support/reference_collectives.hpp"

// What a collective is tried with, and what must come of it: for each operation the inputs of all
// ranks, the arguments made from them, and a check against the naive reference. A case owns the
// memory its arguments point to.
namespace prun::test {

struct Shape {
  int ranks = 1;
  int root = 0;
  std::size_t count = 0;  // elements, of the data or of each block
  bool uniform = true;    // otherwise blocks differ, have gaps between them and lie out of order
  bool in_place = false;  // reduce: the root's result is its contribution
  Datatype type;
  detail::Reduction op;  // for those that reduce, of elements of `type`

  std::string describe() const;
};

// Element types: one whose size divides nothing, and two with operations that do and do not
// commute.
struct Rgb {
  std::uint8_t red, green, blue;
};
// The map x -> factor x + offset, modulo 2^32, with a number that tags along; `after` composes.
struct Affine {
  std::uint32_t factor, offset, steps;
};
Datatype rgb_type();
Datatype number_type();
detail::Reduction sum();  // of numbers; commutes
Datatype affine_type();
detail::Reduction composition();  // of maps; does not commute

// A buffer of blocks with its layout. Bytes outside the blocks must not change.
class BlockBuffer {
 public:
  BlockBuffer() = default;
  // Contents that no block has. `counts` are elements.
  BlockBuffer(const std::vector<std::size_t>& counts, bool uniform, std::size_t element_bytes);

  void put(int rank, const Bytes& block);
  coll::Blocks blocks();
  const Bytes& bytes() const { return memory_; }

 private:
  bool uniform_ = true;
  std::vector<std::size_t> offsets_;
  std::vector<std::size_t> sizes_;
  Bytes memory_;
};

// By operation; made for the arguments it tests.
template <class Arguments>
class Case;

class CaseBase {
 public:
  explicit CaseBase(const Shape& shape);

 protected:
  // Different for each `number` and the same each time.
  Bytes random_bytes(std::size_t count, std::size_t number) const;
  std::vector<Bytes> inputs(std::size_t first_number = 0) const;  // count elements on each rank
  std::size_t block_count(std::size_t index) const;  // elements, by the shape's uniformity
  std::vector<std::size_t> block_counts() const;
  std::vector<Bytes> blocks() const;

  Shape shape_;
  std::size_t ranks_;
};

template <>
class Case<coll::BarrierArguments> : CaseBase {
 public:
  static constexpr bool has_root = false, reduces = false, has_layout = false;
  explicit Case(const Shape& shape) : CaseBase(shape) {}
  coll::BarrierArguments arguments(int) { return {}; }
  void check() {}
};

template <>
class Case<coll::BcastArguments> : CaseBase {
 public:
  static constexpr bool has_root = true, reduces = false, has_layout = false;
  explicit Case(const Shape& shape);
  coll::BcastArguments arguments(int rank);
  void check();

 private:
  std::vector<Bytes> data_;
  Bytes expected_;
};

template <>
class Case<coll::GatherArguments> : CaseBase {
 public:
  static constexpr bool has_root = true, reduces = false, has_layout = true;
  explicit Case(const Shape& shape);
  coll::GatherArguments arguments(int rank);
  void check();

 private:
  std::vector<Bytes> mine_;
  BlockBuffer all_;
  BlockBuffer expected_;
};

template <>
class Case<coll::ScatterArguments> : CaseBase {
 public:
  static constexpr bool has_root = true, reduces = false, has_layout = true;
  explicit Case(const Shape& shape);
  coll::ScatterArguments arguments(int rank);
  void check();

 private:
  // What a caller's vector does for scatterv: it takes the length of its block.
  struct Growing {
    Bytes bytes;
    std::size_t element_bytes = 1;
  };
  static std::byte* grow(void* owner, std::size_t count);

  std::vector<Bytes> expected_;
  BlockBuffer all_;
  std::vector<Growing> mine_;
};

template <>
class Case<coll::AllgatherArguments> : CaseBase {
 public:
  static constexpr bool has_root = false, reduces = false, has_layout = true;
  explicit Case(const Shape& shape);
  coll::AllgatherArguments arguments(int rank);
  void check();

 private:
  std::vector<BlockBuffer> all_;
  BlockBuffer expected_;
};

template <>
class Case<coll::ReduceArguments> : CaseBase {
 public:
  static constexpr bool has_root = true, reduces = true, has_layout = false;
  explicit Case(const Shape& shape);
  coll::ReduceArguments arguments(int rank);
  void check();

 private:
  std::vector<Bytes> inputs_;
  std::vector<Bytes> mine_;
  Bytes result_;
  Bytes expected_;
};

template <>
class Case<coll::AllreduceArguments> : CaseBase {
 public:
  static constexpr bool has_root = false, reduces = true, has_layout = false;
  explicit Case(const Shape& shape);
  coll::AllreduceArguments arguments(int rank);
  void check();

 private:
  std::vector<Bytes> data_;
  Bytes expected_;
};

template <>
class Case<coll::ReduceScatterArguments> : CaseBase {
 public:
  static constexpr bool has_root = false, reduces = true, has_layout = true;
  explicit Case(const Shape& shape);
  coll::ReduceScatterArguments arguments(int rank);
  void check();

 private:
  std::vector<BlockBuffer> all_;
  std::vector<Bytes> before_;
  std::vector<Bytes> mine_;
  std::vector<Bytes> expected_;
};

template <>
class Case<coll::AlltoallArguments> : CaseBase {
 public:
  static constexpr bool has_root = false, reduces = false, has_layout = true;
  explicit Case(const Shape& shape);
  coll::AlltoallArguments arguments(int rank);
  void check();

 private:
  std::vector<BlockBuffer> outgoing_;
  std::vector<Bytes> before_;
  std::vector<BlockBuffer> incoming_;
  std::vector<BlockBuffer> expected_;
};

template <>
class Case<coll::ScanArguments> : CaseBase {
 public:
  static constexpr bool has_root = false, reduces = true, has_layout = false;
  explicit Case(const Shape& shape);
  coll::ScanArguments arguments(int rank);
  void check();

 private:
  std::vector<Bytes> data_;
  std::vector<Bytes> expected_;
};

template <>
class Case<coll::ExscanArguments> : CaseBase {
 public:
  static constexpr bool has_root = false, reduces = true, has_layout = false;
  explicit Case(const Shape& shape);
  coll::ExscanArguments arguments(int rank);
  void check();

 private:
  std::vector<Bytes> inputs_;
  std::vector<Bytes> mine_;
  std::vector<Bytes> results_;
  std::vector<Bytes> expected_;
};

}  // namespace prun::test
