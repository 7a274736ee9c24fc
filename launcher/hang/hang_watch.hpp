#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "launcher/hang/facts.hpp"
#include "launcher/hang/on_deadlock.hpp"
#include "launcher/hang/silent_links.hpp"
#include "runtime/bootstrap/hang_messages.hpp"

namespace prun::hang {

// Watches whether a job still goes on, and asks its ranks what they wait for. Nothing is sent while
// any rank moves: ranks say by themselves that they are still (bootstrap::RankStillness). Once all
// are, they are asked twice, and is_deadlock decides. Owned by the job, one thread.
class HangWatch {
 public:
  struct Settings {
    OnDeadlock on_deadlock = OnDeadlock::end;
    std::optional<std::chrono::milliseconds> after;  // --hang-after
    // Two ranks that do not reach each other for so long are to be parted.
    std::optional<std::chrono::milliseconds> silence;
    bool quiet = false;  // tells only what was asked for
  };
  struct Hooks {
    // Puts the question to every host that has ranks left.
    std::function<void(const bootstrap::HangQuestion&)> ask;
    // Lines of a report for the user.
    std::function<void(const std::vector<std::string>&)> tell;
    // The job is to end: "deadlock: ...".
    std::function<void(std::string)> end;
    // What the first of the pair sends does not arrive, and the text says so.
    std::function<void(const SilentPair& pair, std::string text)> part;
  };
  // Of a rank: which host it is on, and that host's name where it is worth telling.
  struct Place {
    std::uint32_t host = 0;
    std::string name;
  };

  HangWatch(asio::io_context& io, const Settings& settings, Hooks hooks);

  // The ranks are being started.
  void begin(std::vector<Place> ranks);
  // Nothing is asked or told any more.
  void stop();

  // From the hosts; the rank is one of theirs.
  void on_stillness(const bootstrap::RankStillness& stillness);
  void on_state(bootstrap::RankState state);
  void on_host_states(std::uint32_t host, const bootstrap::HostStates& states);
  void on_rank_ended(std::uint32_t rank, const std::string& cause);
  // It was started again.
  void on_rank_back(std::uint32_t rank);

  // Tells what every rank waits for, under that heading, where any uses the library, and calls
  // `then`: within two seconds, whoever does not answer.
  void report(std::string heading, std::function<void()> then = nullptr);

 private:
  using Clock = std::chrono::steady_clock;
  using Stillness = bootstrap::Stillness;

  // Why the ranks are being asked: once for a request, twice for the others.
  enum class Purpose : std::uint8_t { none, request, deadlock, long_wait };
  struct Request {
    std::string heading;
    std::function<void()> then;
  };

  bool all_are_still() const;
  bool any_is_still() const;
  void watch_for_deadlock();
  void watch_for_long_wait();
  void moved_at(Clock::time_point when);

  void look(Purpose purpose);
  void ask();
  void close_round();
  void decide_deadlock(const JobFacts& first);
  void part_silent_pair();
  void decide_long_wait(const JobFacts& first);
  void look_later(asio::steady_timer& timer, Purpose purpose, Clock::time_point when);
  void tell_report(const std::string& heading, const std::vector<std::string>& causes);

  Settings settings_;
  Hooks hooks_;
  bool on_ = false;
  std::vector<Place> places_;
  std::vector<Stillness> stillness_;
  std::vector<std::optional<std::string>> ends_;
  Clock::time_point moved_at_;  // the last time that anything is known to have moved
  Clock::time_point ended_at_;  // the last rank that has
  // Of this standstill.
  bool deadlock_told_ = false;
  bool long_wait_told_ = false;

  Purpose purpose_ = Purpose::none;  // of the questions under way
  bool is_open_ = false;             // a question is out, and not everybody has answered
  std::uint32_t number_ = 0;
  JobFacts facts_;
  std::set<std::uint32_t> open_hosts_;
  std::optional<JobFacts> first_look_;  // of two
  std::vector<Request> requests_;

  std::chrono::milliseconds pause_;  // before ranks that are still are asked once more
  asio::steady_timer deadlock_timer_;
  asio::steady_timer long_wait_timer_;
  asio::steady_timer patience_;
  asio::steady_timer between_looks_;
};

}  // namespace prun::hang
