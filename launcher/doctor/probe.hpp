#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/doctor/facts.hpp"
#include "launcher/stage/agent_binary.hpp"

// What a host is asked with nothing but its sh, before there is any agent, and what it answers.
namespace prun::doctor {

// A POSIX script in one line. It only reads. It prints lines "NAME VALUE" behind the line
// `probe_greeting`, ends them with "end", and then answers each line of its input with the time of
// day, until its input ends. `peer` is an address at the other end of its link, for a host that
// nobody logs in to; may be empty.
std::string probe_script(const std::vector<stage::AgentBinary>& agents, const std::string& peer);

// "\nprun-probe 1\n": begins with a line feed, so that an unfinished line of the login shell's noise
// cannot hide it.
inline constexpr std::string_view probe_greeting = "prun-probe 1";

// Takes the answer line by line and fills in what is known of the host. Anything may come: what is
// not understood is passed over, and nothing grows without limit. One thread.
class ProbeReply {
 public:
  enum class State { noise, facts, clock, too_much };

  explicit ProbeReply(HostFacts& facts) : facts_(facts) {}

  // A line without its end.
  State feed(std::string_view line);
  State state() const { return state_; }

  // The host's time of day of the clock line fed last, and how exact it is told.
  struct TimeOfDay {
    std::chrono::nanoseconds since_epoch{0};
    std::chrono::nanoseconds unit{0};
  };
  const std::optional<TimeOfDay>& time_of_day() const { return time_of_day_; }

 private:
  void take_noise(std::string_view line);
  void take_fact(std::string_view name, std::string_view value);

  HostFacts& facts_;
  State state_ = State::noise;
  std::size_t bytes_ = 0;
  std::optional<TimeOfDay> time_of_day_;
};

// "1763737200.123456789" or whole seconds.
std::optional<ProbeReply::TimeOfDay> parse_time_of_day(std::string_view text);

// "throttled=0x50005" of vcgencmd, "50005" of the kernel.
std::optional<PowerState> parse_throttled(std::string_view text);

// The reading that one question and its answer give; `asked` and `answered` by this machine's clock.
ClockReading clock_reading(std::chrono::nanoseconds asked, const ProbeReply::TimeOfDay& there,
                           std::chrono::nanoseconds answered);

}  // namespace prun::doctor
