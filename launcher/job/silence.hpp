#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "launcher/liveness/awake_clock.hpp"

namespace prun::job {

// What follows from --node-timeout. Of the default, 4 s, half a second between beats: a host that goes
// dark is found 3.5 to 4.3 s later, which leaves time to end the others within 5.
struct WatchTimes {
  std::chrono::milliseconds limit;      // of silence: the host is dead
  std::chrono::milliseconds beat;       // an agent is never longer without a word
  std::chrono::milliseconds own_beat;   // nor the launcher; agents are in no hurry to give it up
  std::chrono::milliseconds look;       // between two looks at who is silent
  std::chrono::milliseconds suspicion;  // of silence: it is asked by other ways
  std::chrono::milliseconds cut_off;    // see liveness::Watch

  static WatchTimes of(std::chrono::milliseconds limit);
};

// Who has been silent for how long, in time in which this process was awake. Pure: time is what it is
// told. Hosts are numbers; one that is not followed is never silent.
class Silence {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  Silence(const WatchTimes& times, std::uint32_t hosts, time_point now);

  void follow(std::uint32_t host, time_point now);
  void forget(std::uint32_t host);
  bool follows(std::uint32_t host) const { return heard_[host].has_value(); }
  void heard(std::uint32_t host, time_point now);

  // To be called every WatchTimes::look.
  void look(time_point now) { clock_.look(now); }
  std::chrono::milliseconds of(std::uint32_t host) const;
  bool is_suspect(std::uint32_t host) const { return of(host) >= times_.suspicion; }
  // Of those that `counts` holds for: whose time is up, and with them whose will be within a beat, for
  // what cuts off several at once is told at once. Empty if nobody's is up.
  std::vector<std::uint32_t> overdue(const std::function<bool(std::uint32_t host)>& counts) const;

 private:
  WatchTimes times_;
  liveness::AwakeClock clock_;
  std::vector<std::optional<time_point>> heard_;
};

}  // namespace prun::job
