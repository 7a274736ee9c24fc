#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace prun::transport {

// How fast the TCP connections of a rank may send while data flows both ways.
//
// Towards a rank that sends and receives at once its switch port carries a neighbour's data and the
// acknowledgements of what the rank itself sends. Where everybody sends as fast as the wire takes it
// that is a little more than the port passes on: its queue, 64 KiB on small switches, fills, nothing
// ever drains it, and in the end it drops. So senders leave room for acknowledgements. In one
// direction alone there is nothing to leave room for.
//
// As in BBR (Cardwell et al., "BBR: congestion-based congestion control", ACM Queue 14, 2016), which
// a board may not have, the speed of the wire is found from what peers confirm, the queue that may
// stand there already is drained before pacing, and short probes at four times the rate find a wire that
// has become faster. But what the kernel measures scatters by a third over the 2 ms of a round trip,
// and room is a matter of percents. Ethernet has two slow speeds: the measurements only have to tell
// which of them it is. A wire that is neither (another medium, a share of a wire, a faster one) is
// not paced.
//
// One for all connections of a rank, which share its wire. A plain object of one thread; times come
// from outside.
class PacingRate {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::uint32_t unlimited = UINT32_MAX;

  // Frames of 1448 bytes of payload take 1538 bytes of the wire's time, an acknowledgement for two
  // of them 90, with preamble and gap.
  static constexpr double payload_share_both_ways = 2.0 * 1448 / (2 * 1538 + 90);
  static constexpr std::chrono::milliseconds between_probes{700};

  // What a connection finds when it looks at itself, which it does for every 10 ms of wire that it
  // has sent. Bytes are those since it did so before, `since`.
  struct Look {
    TimePoint since;
    TimePoint now;
    // Bytes per second that the peer has lately confirmed; nothing where something else than the
    // wire decided.
    std::optional<double> confirmed;
    std::uint64_t sent = 0;
    std::uint64_t sent_by_all = 0;  // connections of the rank
    std::uint64_t received_by_all = 0;
  };
  void on_look(const Look& look);

  // Bytes per second.
  std::uint32_t rate() const { return rate_; }

 private:
  enum class Phase : std::uint8_t { free, draining, paced, probing };

  bool both_ways(const Look& look) const;
  void add(double confirmed);
  void recognize();
  void forget();
  void advance(TimePoint now);
  void enter(Phase phase);

  // A measurement may have met a burst or a pause: the median of the newest counts.
  static constexpr std::size_t kept = 9;
  static constexpr std::size_t enough = 5;

  std::array<double, kept> newest_{};
  std::size_t count_ = 0;  // of all so far
  double wire_ = 0;        // one of Ethernet's speeds, bytes per second; 0: none that is paced

  Phase phase_ = Phase::free;
  int looks_ = 0;  // in this phase
  int looks_until_free_ = 0;
  TimePoint probe_due_{};
  double lowest_of_probe_ = 0;
  int samples_of_probe_ = 0;
  std::uint32_t rate_ = unlimited;
};

}  // namespace prun::transport
