#include "launcher/hang/hang_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "launcher/hang/findings.hpp"
#include "launcher/hang/quiescence.hpp"
#include "launcher/hang/report.hpp"
#include "launcher/hang/words.hpp"

namespace prun::hang {
namespace {

using std::chrono::milliseconds;

// A host whose agent answers by then is told of, another is not waited for.
constexpr milliseconds patience{2000};
// Between the two looks of which is_deadlock is made.
constexpr milliseconds between_looks{200};
// Ranks sleep for so long before they call themselves still (runtime/comm/watched_sleep.cpp).
constexpr milliseconds before_stillness{1000};
// What a rank has sent before it ended is taken in by then, or the one that it was for says that it
// moves.
constexpr milliseconds after_an_end{1000};
// Ranks that are still and yet not in a deadlock, because data is on its way to one that does not
// come to it, are asked again, more and more rarely.
constexpr milliseconds shortest_pause{500};
constexpr milliseconds longest_pause{30'000};

constexpr const char* no_way_out = "every rank waits for a message, and none is on its way";

// Of programs without the library there is nothing to tell.
bool uses_prun(const JobFacts& facts) {
  return std::any_of(facts.ranks.begin(), facts.ranks.end(), [](const RankFacts& rank) {
    return rank.state ||
           (rank.process && rank.process->phase != bootstrap::RankPhase::never_joined);
  });
}

}  // namespace

HangWatch::HangWatch(asio::io_context& io, const Settings& settings, Hooks hooks)
    : settings_(settings),
      hooks_(std::move(hooks)),
      pause_(shortest_pause),
      deadlock_timer_(io),
      long_wait_timer_(io),
      patience_(io),
      between_looks_(io) {}

void HangWatch::begin(std::vector<Place> ranks) {
  on_ = true;
  places_ = std::move(ranks);
  stillness_.assign(places_.size(), Stillness::moving);
  ends_.assign(places_.size(), std::nullopt);
  moved_at_ = ended_at_ = Clock::now();
}

void HangWatch::stop() {
  on_ = false;
  is_open_ = false;
  purpose_ = Purpose::none;
  first_look_.reset();
  requests_.clear();
  deadlock_timer_.cancel();
  long_wait_timer_.cancel();
  patience_.cancel();
  between_looks_.cancel();
}

// --- what ranks say unasked
// -----------------------------------------------------------------------------------------------

void HangWatch::on_stillness(const bootstrap::RankStillness& stillness) {
  if (!on_) return;
  stillness_[stillness.rank] = stillness.stillness;
  const auto now = Clock::now();
  moved_at(stillness.stillness == Stillness::moving ? now : now - before_stillness);
  watch_for_deadlock();
  watch_for_long_wait();
}

void HangWatch::on_rank_ended(std::uint32_t rank, const std::string& cause) {
  if (!on_) return;
  ends_[rank] = cause;
  ended_at_ = Clock::now();
  moved_at(ended_at_);
  watch_for_deadlock();
}

void HangWatch::on_rank_back(std::uint32_t rank) {
  if (!on_) return;
  ends_[rank].reset();
  stillness_[rank] = Stillness::moving;
  moved_at(Clock::now());
  watch_for_deadlock();
}

void HangWatch::moved_at(Clock::time_point when) {
  if (when <= moved_at_) return;
  moved_at_ = when;
  deadlock_told_ = long_wait_told_ = false;
  pause_ = shortest_pause;
}

bool HangWatch::all_are_still() const {
  for (std::size_t rank = 0; rank < places_.size(); ++rank) {
    if (!ends_[rank] && stillness_[rank] != Stillness::still) return false;
  }
  return any_is_still();
}

bool HangWatch::any_is_still() const {
  for (std::size_t rank = 0; rank < places_.size(); ++rank) {
    if (!ends_[rank] && stillness_[rank] != Stillness::moving) return true;
  }
  return false;
}

void HangWatch::watch_for_deadlock() {
  deadlock_timer_.cancel();
  if (deadlock_told_ || settings_.on_deadlock == OnDeadlock::ignore || !all_are_still()) return;
  look_later(deadlock_timer_, Purpose::deadlock, ended_at_ + after_an_end);
}

void HangWatch::watch_for_long_wait() {
  long_wait_timer_.cancel();
  if (deadlock_told_ || long_wait_told_ || !settings_.after || !any_is_still()) return;
  look_later(long_wait_timer_, Purpose::long_wait, moved_at_ + *settings_.after);
}

void HangWatch::look_later(asio::steady_timer& timer, Purpose purpose, Clock::time_point when) {
  timer.expires_at(when);
  timer.async_wait([this, purpose](asio::error_code error) {
    if (!error && on_) look(purpose);
  });
}

// --- asking
// -------------------------------------------------------------------------------------------------------------

void HangWatch::report(std::string heading, std::function<void()> then) {
  requests_.push_back({std::move(heading), std::move(then)});
  if (purpose_ == Purpose::none) look(Purpose::request);
}

// One thing at a time; a round that was begun for a request serves as a first look.
void HangWatch::look(Purpose purpose) {
  if (purpose_ == Purpose::none) {
    purpose_ = purpose;
    ask();
  } else if (purpose_ == Purpose::request) {
    purpose_ = purpose;
  } else if (purpose_ != purpose) {
    look_later(purpose == Purpose::deadlock ? deadlock_timer_ : long_wait_timer_, purpose,
               Clock::now() + between_looks);
  }
}

void HangWatch::ask() {
  is_open_ = true;
  ++number_;
  facts_.ranks.assign(places_.size(), {});
  open_hosts_.clear();
  for (std::uint32_t rank = 0; rank < places_.size(); ++rank) {
    facts_.ranks[rank].rank = rank;
    facts_.ranks[rank].host = places_[rank].name;
    if (!ends_[rank]) open_hosts_.insert(places_[rank].host);
  }
  patience_.expires_after(patience);
  patience_.async_wait([this](asio::error_code error) {
    if (!error && is_open_) close_round();
  });
  hooks_.ask({number_});
}

void HangWatch::on_state(bootstrap::RankState state) {
  if (!is_open_ || state.number != number_) return;
  RankFacts& rank = facts_.ranks[state.rank];
  rank.state = std::move(state);
}

void HangWatch::on_host_states(std::uint32_t host, const bootstrap::HostStates& states) {
  if (!is_open_ || states.number != number_) return;
  for (const auto& process : states.silent) {
    if (process.rank >= places_.size() || places_[process.rank].host != host) continue;
    RankFacts& rank = facts_.ranks[process.rank];
    if (!rank.state) rank.process = process;
  }
  open_hosts_.erase(host);
  if (open_hosts_.empty()) close_round();
}

void HangWatch::close_round() {
  is_open_ = false;
  patience_.cancel();
  for (std::uint32_t rank = 0; rank < places_.size(); ++rank) {
    RankFacts& one = facts_.ranks[rank];
    one.end = ends_[rank];
    if (one.end) one.state.reset();
  }
  for (auto& request : std::exchange(requests_, {})) {
    if (uses_prun(facts_)) tell_report(request.heading, find_causes(facts_));
    if (request.then) request.then();
    if (!on_) return;
  }
  const bool is_over = purpose_ == Purpose::request || first_look_ ||
                       (purpose_ == Purpose::deadlock && !is_deadlock(facts_, facts_));
  if (!is_over) {
    first_look_ = facts_;
    between_looks_.expires_after(between_looks);
    between_looks_.async_wait([this](asio::error_code error) {
      if (!error && on_) ask();
    });
    return;
  }
  const auto first = std::exchange(first_look_, std::nullopt).value_or(facts_);
  const Purpose purpose = std::exchange(purpose_, Purpose::none);
  if (purpose == Purpose::deadlock) decide_deadlock(first);
  if (purpose == Purpose::long_wait) decide_long_wait(first);
}

void HangWatch::decide_deadlock(const JobFacts& first) {
  if (!all_are_still()) return;
  if (!is_deadlock(first, facts_)) {
    look_later(deadlock_timer_, Purpose::deadlock, Clock::now() + pause_);
    pause_ = std::min(pause_ * 2, longest_pause);
    part_silent_pair();
    return;
  }
  deadlock_told_ = true;
  const auto causes = find_causes(facts_);
  if (!settings_.quiet) tell_report(fmt::format("the job hangs: {}", no_way_out), causes);
  if (settings_.on_deadlock == OnDeadlock::end)
    hooks_.end("deadlock: " + (causes.empty() ? no_way_out : causes.front()));
}

void HangWatch::part_silent_pair() {
  if (!settings_.silence) return;
  const auto pair = find_silent_pair(facts_, *settings_.silence);
  if (pair) hooks_.part(*pair, silent_pair_text(facts_, *pair));
}

// Ranks that move without ever sleeping for long say nothing of it: their counts do.
void HangWatch::decide_long_wait(const JobFacts& first) {
  const auto now = Clock::now();
  if (!same_counts(first, facts_)) {
    moved_at(now);
  } else {
    each_state(facts_, [&](const bootstrap::RankState& state) {
      if (state.waiting && !state.may_end_by_itself) moved_at(now - milliseconds(state.still_ms));
    });
  }
  if (now - moved_at_ < *settings_.after) return watch_for_long_wait();
  long_wait_told_ = true;
  const auto still_for = std::chrono::duration_cast<milliseconds>(now - moved_at_).count();
  if (settings_.quiet) return;
  tell_report(fmt::format("no message has come anywhere for {} (--hang-after)",
                          duration_text(static_cast<std::uint64_t>(still_for))),
              find_causes(facts_));
}

void HangWatch::tell_report(const std::string& heading, const std::vector<std::string>& causes) {
  std::vector<std::string> lines{heading};
  for (auto& line : hang::report(facts_, causes)) lines.push_back("  " + std::move(line));
  hooks_.tell(lines);
}

}  // namespace prun::hang
