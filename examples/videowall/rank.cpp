#include "rank.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "conductor.hpp"
#include "director.hpp"
#include "display.hpp"
#include "film_loan.hpp"
#include "messages.hpp"
#include "opening.hpp"
#include "player.hpp"
#include "regrouping.hpp"
#include "synced_player.hpp"

namespace wall {
namespace {

using std::chrono::milliseconds;

// Screens look around at the same instants, and every fifth time they tell how they do.
constexpr prun::Clock::duration tick = milliseconds(50);
constexpr std::int64_t ticks_per_sample = 5;
constexpr std::size_t samples_per_message = 4;

// mpv needs memory for each film of a reel. What is longer begins anew at its end, which may be
// seen as one picture that stands too long.
constexpr std::uint64_t longest_reel = 1000;

Reel reel_of(const Programme& programme, const std::vector<std::string>& files) {
  Reel reel;
  for (std::size_t film = 0; film < programme.films().size(); ++film) {
    reel.films.push_back({files.at(film), programme.films()[film]});
  }
  const std::uint64_t most = std::max<std::uint64_t>(longest_reel / reel.films.size(), 1);
  reel.endless = programme.rounds() > most;
  reel.rounds = std::min(programme.rounds(), most);
  return reel;
}

// One rank's screen, and what it has to do with rank 0.
class ScreenRank {
 public:
  ScreenRank(prun::Environment& env, Opening opening, const Options& options,
             const FilmLender& lender, Director* director)
      : env_(env),
        comm_(std::move(opening.comm)),
        clock_(env.clock()),
        options_(options),
        films_(std::move(opening.films)),
        lender_(lender),
        director_(director) {}

  // False: rank 0 was lost before this screen played, and is not back.
  bool run() {
    while (!begin()) {
      if (!find_rank_0()) return false;
    }
    // Who was called comes in any case: the others wait for it.
    while (meeting_ || (!stopped_ && player_->state().position < programme_->length())) {
      take_orders();
      if (alone_ && player_->newest_cue().number == 0) {
        if (!find_rank_0()) return false;
        tell_what_is_on();
      }
      player_->step();
      if (meeting_ && clock_.now() >= *meeting_) meet();
      sample();
      next_tick();
    }
    tell(samples_, sample_tag);
    tell(std::int32_t{1}, done_tag);
    // Rank 0 stays as long as it is needed.
    while (director_ != nullptr && !director_->finished()) next_tick();
    return true;
  }

 private:
  // From the first word to rank 0 until the first picture stands. False: rank 0 was lost meanwhile.
  bool begin() try {
    comm_.send(std::int32_t{1}, 0, hello_tag);
    const View view = view_of(wait_for<Part>(part_tag));
    const auto output = wait_for<std::string>(output_tag);
    const PlayerChoice choice{parse_player(options_.player), output,
                              has_sound(options_, env_.world().rank())};
    const auto make = [this, choice, output] {
      choose_display(options_.display, output);  // there may be none yet on a board that boots
      return make_player(choice, clock_);
    };

    comm_.send(insist([&] { return lengths_of(make); }), 0, lengths_tag);
    std::vector<Seconds> lengths;
    for (const double length : wait_for<std::vector<double>>(programme_tag)) {
      lengths.emplace_back(length);
    }
    programme_.emplace(lengths, options_.rounds);
    player_.emplace(
        make, [this] { return clock_.now(); }, reel_of(*programme_, films_), view);
    insist([&] { player_->open(); });
    comm_.send(std::int32_t{1}, 0, ready_tag);
    return true;
  } catch (const prun::Error& error) {
    if (error.code() != prun::Errc::peer_lost) throw;
    return false;
  }

  template <class T>
  T wait_for(int tag) {
    while (!comm_.iprobe(0, tag)) next_tick();
    return comm_.recv<T>(0, tag);
  }

  // A board that has just booted may have no display yet.
  template <class Do>
  std::invoke_result_t<Do> insist(Do what) {
    constexpr int attempts = 5;
    for (int attempt = 1;; ++attempt) {
      try {
        return what();
      } catch (const PlayerError&) {
        if (attempt == attempts) throw;
      }
      const Time again = clock_.now() + attempt * std::chrono::seconds(1);
      while (clock_.now() < again) next_tick();
    }
  }

  std::vector<double> lengths_of(const SyncedPlayer::Make& make) const {
    const auto player = make();
    std::vector<double> lengths;
    for (const std::string& film : films_) lengths.push_back(player->length_of(film).count());
    return lengths;
  }

  void next_tick() {
    if (director_ != nullptr) director_->step();
    lender_.step(comm_);
    const auto now = clock_.now().time_since_epoch();
    clock_.sleep_until(Time((now / tick + 1) * tick));
  }

  void take_orders() {
    with_rank_0([&] {
      while (comm_.iprobe(0, cue_tag)) player_->follow(comm_.recv<Cue>(0, cue_tag));
      if (comm_.iprobe(0, stop_tag)) stopped_ = true;
      if (comm_.iprobe(0, meet_tag)) {
        meeting_ = Time(std::chrono::nanoseconds(comm_.recv<std::int64_t>(0, meet_tag)));
      }
    });
    // Rank 0 was started again, and calls nobody before all are there.
    const std::vector<int> waiting = env_.waiting();
    if (!waiting.empty() && waiting.front() == 0) meeting_ = clock_.now();
  }

  // Another may be on its way for seconds, with a player to open: this one is held in step meanwhile.
  void meet() {
    std::optional<prun::Communicator> all;
    while (!all) {
      try {
        all = env_.restore(tick);
      } catch (const prun::Error& error) {
        if (error.code() != prun::Errc::timed_out) throw;
        player_->step();
      }
    }
    regroup(*all);
    tell_what_is_on();
  }

  bool find_rank_0() {
    const auto all = find_conductor(env_);
    if (all) regroup(*all);
    return all.has_value();
  }

  void regroup(const prun::Communicator& all) {
    comm_ = all;
    meeting_.reset();
    alone_ = !comm_.rank_of_world(0);
    if (director_ != nullptr) director_->regrouped(comm_);
  }

  void tell_what_is_on() {
    std::vector<double> lengths;
    for (const Seconds film : programme_->films()) lengths.push_back(film.count());
    tell(lengths, known_programme_tag);
    tell(player_->newest_cue(), known_cue_tag);
  }

  void sample() {
    const prun::Clock::Reading now = clock_.read();
    const std::int64_t turn = now.time.time_since_epoch() / tick;
    if (turn % ticks_per_sample != 0) return;
    const SyncedPlayer::State state = player_->state();
    Sample sample{};
    sample.at_ns = turn * tick.count();
    sample.position = state.position.count();
    sample.error_ms = static_cast<float>(state.error.value_or(Seconds{}).count() * 1e3);
    sample.speed = static_cast<float>(state.speed);
    sample.clock_error_us = std::chrono::duration<float, std::micro>(now.error).count();
    sample.dropped_frames = static_cast<std::int32_t>(state.dropped_frames);
    sample.replaced = static_cast<std::int32_t>(state.replaced);
    sample.playing = state.error ? 1 : 0;
    samples_.push_back(sample);
    if (samples_.size() < samples_per_message) return;
    tell(samples_, sample_tag);
    samples_.clear();
  }

  template <class T>
  void tell(const T& what, int tag) {
    with_rank_0([&] { comm_.send(what, 0, tag); });
  }

  // If rank 0 is lost the screen plays what was agreed, to its end or until rank 0 is back. It may only
  // have been the first to come to a meeting: then what was sent arrives all the same.
  template <class Do>
  void with_rank_0(Do what) {
    if (alone_) return;
    try {
      what();
    } catch (const prun::Error& error) {
      if (error.code() != prun::Errc::peer_lost) throw;
      alone_ = is_lost(comm_, 0);
    }
  }

  prun::Environment& env_;
  prun::Communicator comm_;  // of all that are there, rank 0 its first
  prun::Clock& clock_;
  const Options& options_;
  std::vector<std::string> films_;
  const FilmLender& lender_;
  Director* director_;  // on rank 0
  std::optional<Programme> programme_;
  std::optional<SyncedPlayer> player_;
  std::vector<Sample> samples_;
  std::optional<Time> meeting_;  // with screens that are back
  bool stopped_ = false;
  bool alone_ = false;  // rank 0 is lost
};

void say(const std::string& line) {
  std::printf("videowall: %s\n", line.c_str());
  std::fflush(stdout);
}

// Without rank 0. For who was started again the wall may have come to its end meanwhile.
int give_up(prun::Environment& env) {
  if (env.incarnation() > 0) return EXIT_SUCCESS;
  const prun::Communicator& world = env.world();
  std::fprintf(stderr,
               "rank %d on %s: rank 0 on %s was lost before this screen played, which ends\n",
               world.rank(), world.host().c_str(), world.host(0).c_str());
  return EXIT_FAILURE;
}

}  // namespace

int run_rank(prun::Environment& env, const Options& options) {
  const prun::Communicator& world = env.world();
  std::vector<std::vector<std::string>> everybodys;
  for (int rank = 0; rank < world.size(); ++rank) {
    everybodys.push_back(films_of(options, rank, world.host(rank)));
  }
  const FilmLender lender(std::move(everybodys), world.rank());
  auto opening = open_wall(env, options, lender, say);
  if (!opening) return give_up(env);
  if (opening->exit_status != 0) return opening->exit_status;
  env.clock();
  std::optional<Director> director;
  if (world.rank() == 0) director.emplace(env, opening->comm, options);
  ScreenRank screen(env, *std::move(opening), options, lender, director ? &*director : nullptr);
  if (!screen.run()) return give_up(env);
  if (director) director->finish();
  return EXIT_SUCCESS;
}

}  // namespace wall
