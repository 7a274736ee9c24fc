#pragma once

#include <chrono>
#include <cstddef>

namespace prun::transport {

// Whether a small message may wait for the next ones, so that they leave together.
//
// Only messages that their program waits for later (isend) come here. The first of a burst leaves
// at once. A further one may wait only where it is known to leave soon: nothing moves while a
// program computes, so messages wait until it comes back into the library. Therefore it must have
// shown that it does: its last bursts each ended with a return within `patience`. A program that
// once stays away with messages waiting has to show it for twice as many bursts, and so on: what it
// may lose that way is a handful of delays in all.
//
// One for all connections of a rank. A plain object of one thread; times come from outside.
class BurstPolicy {
 public:
  using Clock = std::chrono::steady_clock;

  // Far above what starting 64 messages takes a small board, far below what waiting is worth.
  static constexpr std::chrono::microseconds patience{500};
  static constexpr unsigned proofs_at_first = 4;
  static constexpr unsigned proofs_at_most = 1024;

  // What waits leaves when there is so much of it: a full frame on the wire. Longer messages do not
  // wait.
  static constexpr std::size_t most_bytes_waiting = 1448;
  static constexpr std::size_t longest_message = 256;

  // Which burst it is; each has a number of its own.
  unsigned burst() const { return burst_; }

  // A message is about to be sent. True: further ones of this burst may wait.
  bool on_message(Clock::time_point now) {
    if (under_way_ && now - last_ > patience) on_return(now);
    if (!under_way_) {
      under_way_ = true;
      messages_ = 0;
      waited_ = false;
      ++burst_;
    }
    last_ = now;
    ++messages_;
    return proofs_ >= proofs_needed_;
  }

  // Something waits.
  void on_wait() { waited_ = true; }

  // The program is in the library again: whatever waits leaves now. Cheap when there was no burst.
  bool under_way() const { return under_way_; }
  // Only for one of several messages the time matters.
  bool wants_time() const { return messages_ > 1; }
  void on_return(Clock::time_point now) {
    under_way_ = false;
    if (messages_ < 2) return;
    if (now - last_ <= patience) {
      if (proofs_ < proofs_needed_) ++proofs_;
      return;
    }
    proofs_ = 0;
    if (waited_ && proofs_needed_ < proofs_at_most) proofs_needed_ *= 2;
  }

 private:
  Clock::time_point last_{};
  unsigned burst_ = 0;
  unsigned messages_ = 0;
  unsigned proofs_ = 0;
  unsigned proofs_needed_ = proofs_at_first;
  bool under_way_ = false;
  bool waited_ = false;
};

}  // namespace prun::transport
