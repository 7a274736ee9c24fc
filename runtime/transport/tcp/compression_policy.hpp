#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "runtime/core/compression_mode.hpp"
#include "runtime/transport/tcp/block_codec.hpp"

namespace prun::transport {

// Decides, for one connection and one direction, whether the next block of a large payload is worth
// compressing, and how hard. Compressing runs beside the wire, which empties the kernel's queue
// meanwhile; so a byte costs the longer of the two:
//
//   as it is     1 / rate of the link
//   compressed   max(time to compress a byte, share that is left of it / rate of the link)
//
// and it is left alone where fast compression would take more than about half of the time that the
// wire needs without it: on fast links the processor is what is short.
//
// The rate is told from outside; times and shares are those of blocks that were really compressed.
// While nothing is compressed, single blocks are tried, so rarely that they cost at most 0.5 % of
// the wire's time. While fast compression pays and has time to spare, thorough compression gets a
// try of a few blocks, at doubling distances while it fails.
//
// A plain object of one thread; it looks at no clock.
class CompressionPolicy {
 public:
  using Seconds = std::chrono::duration<double>;

  explicit CompressionPolicy(core::CompressionMode mode) : mode_(mode) {}

  // What to do with the next block.
  std::optional<Effort> next() const;

  // A block of `length` bytes took `compressing` and came out as `packed` bytes; what else it took
  // (reading a history in) is `preparing`. `packed` is `length` where it went as it was.
  void on_block(Effort effort, std::size_t length, std::size_t packed, Seconds compressing,
                Seconds preparing);
  // So many bytes went without being tried.
  void on_plain(std::size_t bytes);
  // What the link carries now.
  void on_link_rate(double bytes_per_second);

  // Compressing is the rule now, not a try.
  std::optional<Effort> settled() const { return settled_; }

 private:
  // Of the blocks compressed one way, as a mean that forgets.
  struct Measured {
    int blocks = 0;
    double share = 1;             // of the bytes that is left
    double seconds_per_byte = 0;  // of compressing
  };

  Measured& measured(Effort effort) { return measured_[static_cast<std::size_t>(effort)]; }
  const Measured& measured(Effort effort) const {
    return measured_[static_cast<std::size_t>(effort)];
  }
  double cost(Effort effort) const;  // seconds a byte
  double plain_cost() const { return 1 / rate_; }
  void decide();
  void judge_thorough();
  void settle(std::optional<Effort> effort);

  // Between two tries of thorough compression, in blocks: at first, and after one that paid.
  static constexpr int closest_thorough_tries = 4;

  core::CompressionMode mode_;
  double rate_ = 0;  // of the link, bytes per second; 0: not known yet
  std::array<Measured, 2> measured_{};
  std::optional<Effort> settled_;
  double bytes_until_try_ = 0;     // while nothing is compressed
  int thorough_try_ = 0;           // blocks left of the try that is under way
  int blocks_until_thorough_ = 0;  // until the next one
  int thorough_distance_ = closest_thorough_tries;
};

}  // namespace prun::transport
