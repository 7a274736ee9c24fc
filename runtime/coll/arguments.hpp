#pragma once

#include <prun/buffer.hpp>
#include <prun/op.hpp>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "runtime/coll/operation.hpp"

// What each collective is given, in bytes. The communicator has checked it, and has put this rank's
// own contribution in its place (a gather's own block, an allreduce's data), so algorithms only
// move what is on other ranks. All sizes are whole elements of Team::type(). Plain values; memory
// is the caller's.
namespace prun::coll {

// One block for each rank in a caller's buffer.
class Blocks {
 public:
  Blocks() = default;
  // `count` blocks of `bytes` each, one behind the other.
  static Blocks uniform(std::byte* base, int count, std::size_t bytes) {
    Blocks blocks;
    blocks.base_ = base;
    blocks.uniform_ = true;
    blocks.offsets_.resize(static_cast<std::size_t>(count));
    blocks.sizes_.assign(static_cast<std::size_t>(count), bytes);
    for (std::size_t i = 0; i < blocks.offsets_.size(); ++i) blocks.offsets_[i] = i * bytes;
    return blocks;
  }
  // Anywhere in the buffer, of any size.
  static Blocks at(std::byte* base, std::vector<std::size_t> offsets,
                   std::vector<std::size_t> sizes) {
    Blocks blocks;
    blocks.base_ = base;
    blocks.offsets_ = std::move(offsets);
    blocks.sizes_ = std::move(sizes);
    return blocks;
  }

  // Equal blocks one behind the other: neighbouring ones may be moved as one.
  bool is_uniform() const { return uniform_; }
  std::size_t size(int rank) const { return sizes_[static_cast<std::size_t>(rank)]; }
  std::span<std::byte> operator[](int rank) const {
    return {base_ + offsets_[static_cast<std::size_t>(rank)], size(rank)};
  }
  // Blocks first to first+count-1 of a uniform buffer as one.
  std::span<std::byte> run(int first, int count) const {
    return {base_ + offsets_[static_cast<std::size_t>(first)],
            static_cast<std::size_t>(count) * size(first)};
  }
  std::size_t total() const {
    std::size_t bytes = 0;
    for (const std::size_t size : sizes_) bytes += size;
    return bytes;
  }

 private:
  std::byte* base_ = nullptr;
  std::vector<std::size_t> offsets_;
  std::vector<std::size_t> sizes_;
  bool uniform_ = false;
};

struct BarrierArguments {
  static constexpr Operation operation = Operation::barrier;
};

struct BcastArguments {
  static constexpr Operation operation = Operation::bcast;

  std::span<std::byte>
      data;  // at the root the value, elsewhere its place; the same size everywhere
  int root;
};

struct GatherArguments {
  static constexpr Operation operation = Operation::gather;

  std::span<const std::byte> mine;  // this rank's block; at the root it is in place already
  Blocks all;                       // at the root only
  int root;
  bool uniform;  // equal sizes on all ranks: known everywhere
};

struct ScatterArguments {
  static constexpr Operation operation = Operation::scatter;

  Blocks all;  // at the root only; read only
  detail::RecvBuffer
      mine;  // this rank's block; at the root it is in place already. Where the blocks are not
             // uniform its size is not known before it comes: Team::recv_into
  int root;
  bool uniform;
};

struct AllgatherArguments {
  static constexpr Operation operation = Operation::allgather;

  Blocks all;  // this rank's block is in place
};

struct ReduceArguments {
  static constexpr Operation operation = Operation::reduce;

  std::span<const std::byte> mine;  // this rank's contribution, never changed unless it is `result`
  std::span<std::byte> result;      // at the root only; may be `mine`
  int root;
  detail::Reduction op;
};

struct AllreduceArguments {
  static constexpr Operation operation = Operation::allreduce;

  std::span<std::byte> data;  // in: this rank's contribution; out: the result
  detail::Reduction op;
};

struct ReduceScatterArguments {
  static constexpr Operation operation = Operation::reduce_scatter;

  Blocks all;                 // this rank's contribution to every part; read only
  std::span<std::byte> mine;  // the result for this rank's part; does not overlap `all`
  detail::Reduction op;
};

struct AlltoallArguments {
  static constexpr Operation operation = Operation::alltoall;

  Blocks outgoing;  // read
  Blocks incoming;  // this rank's own block is in place
};

struct ScanArguments {
  static constexpr Operation operation = Operation::scan;

  std::span<std::byte> data;  // in: this rank's contribution; out: the result
  detail::Reduction op;
};

struct ExscanArguments {
  static constexpr Operation operation = Operation::exscan;

  std::span<const std::byte> mine;
  std::span<std::byte> result;  // rank 0's stays as it is; does not overlap `mine`
  detail::Reduction op;
};

}  // namespace prun::coll
