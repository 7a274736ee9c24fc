#include "runtime/transport/tcp/pacing_rate.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace prun::transport {
namespace {

// Of 10BASE-T and 100BASE-TX, in bytes per second.
constexpr std::array<double, 2> slow_ethernet{10e6 / 8, 100e6 / 8};
// What is measured on such a wire, as a share of its speed. Whole messages go at 0.94; in a
// collective ranks wait for each other now and then.
constexpr double slowest_measured = 0.55;
constexpr double fastest_measured = 1.3;

constexpr double draining_share = 0.85;
// A probe that finds so much more, three times, has found another wire. Whatever scatters by a third
// stays below that on the old wire, and above it on one that carries what is probed.
constexpr double probing_share = 4;
constexpr double other_wire = 1.4;

// In looks. To drain 15 % of what 20 ms carry is about what the host's and the switch's queue hold.
constexpr int looks_draining = 2;
constexpr int looks_probing = 3;
constexpr int looks_one_way = 5;

// Of the wire's speed: what a rank sends and receives together, beyond what it could one after the
// other.
constexpr double both_ways_share = 1.05;
// Received for each byte sent: below it, what comes back is answers.
constexpr double answers_share = 0.2;
// Of what the rank has sent: a connection that had less shared the wire.
constexpr double whole_wire_share = 0.9;

}  // namespace

void PacingRate::on_look(const Look& look) {
  const bool whole_wire =
      static_cast<double>(look.sent) >= static_cast<double>(look.sent_by_all) * whole_wire_share;
  if (look.confirmed && whole_wire) add(*look.confirmed);
  ++looks_;
  looks_until_free_ = both_ways(look) ? looks_one_way : std::max(looks_until_free_ - 1, 0);
  if (looks_until_free_ == 0) {
    enter(Phase::free);
  } else {
    advance(look.now);
  }
}

// At the same time: a rank that sends and receives in turn meets no acknowledgements of its own.
bool PacingRate::both_ways(const Look& look) const {
  if (wire_ == 0) return false;
  const auto sent = static_cast<double>(look.sent_by_all);
  const auto received = static_cast<double>(look.received_by_all);
  const double seconds = std::chrono::duration<double>(look.now - look.since).count();
  return received >= sent * answers_share && sent + received > seconds * wire_ * both_ways_share;
}

void PacingRate::add(double confirmed) {
  newest_[count_ % kept] = confirmed;
  ++count_;
  if (phase_ == Phase::probing) {
    ++samples_of_probe_;
    lowest_of_probe_ = std::min(lowest_of_probe_, confirmed);
  }
  if (count_ >= enough) recognize();
}

void PacingRate::recognize() {
  std::array<double, kept> sorted = newest_;
  const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(std::min(count_, kept));
  const auto middle = sorted.begin() + (end - sorted.begin()) / 2;
  std::nth_element(sorted.begin(), middle, end);
  if (*middle > slow_ethernet.back() * fastest_measured) forget();
  for (const double speed : slow_ethernet) {
    if (*middle >= speed * slowest_measured && *middle <= speed * fastest_measured) wire_ = speed;
  }
}

void PacingRate::forget() {
  wire_ = 0;
  count_ = 0;
  looks_until_free_ = 0;
  enter(Phase::free);
}

void PacingRate::advance(TimePoint now) {
  switch (phase_) {
    case Phase::free:
      enter(Phase::draining);
      probe_due_ = now + between_probes;
      break;
    case Phase::draining:
      enter(looks_ < looks_draining ? Phase::draining : Phase::paced);
      break;
    case Phase::paced:
      enter(now < probe_due_ ? Phase::paced : Phase::probing);
      break;
    case Phase::probing:
      if (looks_ < looks_probing) break;
      if (samples_of_probe_ == looks_probing && lowest_of_probe_ > wire_ * other_wire) {
        forget();
      } else {
        enter(Phase::draining);
        probe_due_ = now + between_probes;
      }
      break;
  }
}

void PacingRate::enter(Phase phase) {
  if (phase != phase_) {
    phase_ = phase;
    looks_ = 0;
    samples_of_probe_ = 0;
    lowest_of_probe_ = std::numeric_limits<double>::infinity();
  }
  if (phase == Phase::free) {
    rate_ = unlimited;
    return;
  }
  const double share = phase == Phase::draining  ? draining_share
                       : phase == Phase::probing ? probing_share
                                                 : 1;
  rate_ = static_cast<std::uint32_t>(wire_ * payload_share_both_ways * share);
}

}  // namespace prun::transport
