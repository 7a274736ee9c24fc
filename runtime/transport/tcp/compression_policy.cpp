#include "runtime/transport/tcp/compression_policy.hpp"

#include <algorithm>

namespace prun::transport {
namespace {

// A change must promise this much before it is made, and hold less than that to be kept: what is
// measured scatters by a few percent.
constexpr double worth_starting = 0.90;
constexpr double worth_keeping = 0.97;
constexpr double worth_more_effort = 0.93;

// Fast compression may take this part of the time that the wire would need, to be started and to be
// kept. Where the wire is so fast that it takes more, the processor has no time to spare: it copies,
// serves the network and perhaps unpacks. Measured on virtual links without a limit, 3 Gbit/s here:
// compressing at 4 Gbit/s beside that made text slower by a fifth.
constexpr double processor_time_to_start = 0.45;
constexpr double processor_time_to_keep = 0.60;

// Of the wire's time, for blocks that are compressed only to see.
constexpr double share_for_tries = 0.005;

constexpr double newest_block_weight = 0.25;
// One block may have been interrupted: it counts as at most so many times what the others took.
constexpr double slowest_block = 4;

// Tries of thorough compression, in blocks.
constexpr int thorough_try_blocks = 4;
constexpr int longest_thorough_distance = 1024;
// Thorough compression takes 5 to 10 times as long as fast compression. Where the wire waits for
// less than this many fast ones there is no time for it.
constexpr double spare_time_for_thorough = 3;

}  // namespace

double CompressionPolicy::cost(Effort effort) const {
  const Measured& of = measured(effort);
  return std::max(of.seconds_per_byte, of.share / rate_);
}

std::optional<Effort> CompressionPolicy::next() const {
  if (mode_ == core::CompressionMode::off) return std::nullopt;
  if (thorough_try_ > 0) return Effort::thorough;
  if (settled_) return settled_;
  if (mode_ == core::CompressionMode::lz4) return Effort::fast;
  if (rate_ > 0 && bytes_until_try_ <= 0) return Effort::fast;
  return std::nullopt;
}

void CompressionPolicy::on_plain(std::size_t bytes) {
  bytes_until_try_ -= static_cast<double>(bytes);
}

void CompressionPolicy::on_link_rate(double bytes_per_second) {
  if (!(bytes_per_second > 0)) return;
  rate_ = bytes_per_second;
  if (settled_ && thorough_try_ == 0) decide();
}

void CompressionPolicy::on_block(Effort effort, std::size_t length, std::size_t packed,
                                 Seconds compressing, Seconds preparing) {
  Measured& of = measured(effort);
  const double share = static_cast<double>(packed) / static_cast<double>(length);
  double seconds = compressing.count() / static_cast<double>(length);
  if (of.blocks == 0) {
    of.share = share;
    of.seconds_per_byte = seconds;
  } else {
    seconds = std::min(seconds, of.seconds_per_byte * slowest_block);
    of.share += (share - of.share) * newest_block_weight;
    of.seconds_per_byte += (seconds - of.seconds_per_byte) * newest_block_weight;
  }
  ++of.blocks;
  if (rate_ <= 0) return;
  bytes_until_try_ = (compressing + preparing).count() * rate_ / share_for_tries;
  if (thorough_try_ > 0) {
    if (--thorough_try_ == 0) judge_thorough();
  } else {
    --blocks_until_thorough_;
    decide();
  }
}

void CompressionPolicy::settle(std::optional<Effort> effort) {
  settled_ = effort;
  thorough_try_ = 0;
}

void CompressionPolicy::judge_thorough() {
  if (cost(Effort::thorough) < cost(Effort::fast) * worth_more_effort) {
    thorough_distance_ = closest_thorough_tries;
    settle(Effort::thorough);
  } else {
    thorough_distance_ = std::min(thorough_distance_ * 2, longest_thorough_distance);
  }
  blocks_until_thorough_ = thorough_distance_;
}

void CompressionPolicy::decide() {
  if (settled_ == Effort::thorough && cost(Effort::thorough) > cost(Effort::fast))
    settle(Effort::fast);
  const Measured& fast = measured(Effort::fast);
  const double worth = settled_ ? worth_keeping : worth_starting;
  const double processor_time = settled_ ? processor_time_to_keep : processor_time_to_start;
  if (cost(settled_.value_or(Effort::fast)) > plain_cost() * worth ||
      fast.seconds_per_byte > plain_cost() * processor_time) {
    settle(std::nullopt);
    return;
  }
  if (!settled_) settle(Effort::fast);
  if (settled_ == Effort::fast && blocks_until_thorough_ <= 0 &&
      fast.share / rate_ > fast.seconds_per_byte * spare_time_for_thorough) {
    measured(Effort::thorough) = {};
    thorough_try_ = thorough_try_blocks;
  }
}

}  // namespace prun::transport
