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
#include "film_delivery.hpp"
#include "messages.hpp"
#include "obstacles.hpp"
#include "player.hpp"
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
  ScreenRank(prun::Environment& env, const Options& options, std::vector<std::string> films,
             Director* director)
      : world_(env.world()),
        clock_(env.clock()),
        options_(options),
        films_(std::move(films)),
        director_(director) {}

  void run() {
    world_.send(std::int32_t{1}, 0, hello_tag);
    const View view = view_of(wait_for<Part>(part_tag));
    const auto output = wait_for<std::string>(output_tag);
    choose_display(options_.display, output);
    const PlayerChoice choice{parse_player(options_.player), output,
                              has_sound(options_, world_.rank())};
    const auto make = [this, choice] { return make_player(choice, clock_); };

    world_.send(insist([&] { return lengths_of(make); }), 0, lengths_tag);
    std::vector<Seconds> lengths;
    for (const double length : wait_for<std::vector<double>>(programme_tag)) {
      lengths.emplace_back(length);
    }
    const Programme programme(lengths, options_.rounds);
    SyncedPlayer player(
        make, [this] { return clock_.now(); }, reel_of(programme, films_), view);
    insist([&] { player.open(); });
    world_.send(std::int32_t{1}, 0, ready_tag);

    while (!stopped_ && player.state().position < programme.length()) {
      take_orders(player);
      player.step();
      sample(player);
      next_tick();
    }
    tell(samples_, sample_tag);
    tell(std::int32_t{1}, done_tag);
    // Rank 0 stays as long as it is needed.
    while (director_ != nullptr && !director_->finished()) next_tick();
  }

 private:
  template <class T>
  T wait_for(int tag) {
    while (!world_.iprobe(0, tag)) next_tick();
    return world_.recv<T>(0, tag);
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
    const auto now = clock_.now().time_since_epoch();
    clock_.sleep_until(Time((now / tick + 1) * tick));
  }

  // If rank 0 is lost the screen plays what was agreed to its end.
  void take_orders(SyncedPlayer& player) {
    if (alone_) return;
    try {
      while (world_.iprobe(0, cue_tag)) player.follow(world_.recv<Cue>(0, cue_tag));
      if (world_.iprobe(0, stop_tag)) stopped_ = true;
    } catch (const prun::Error& error) {
      if (error.code() != prun::Errc::peer_lost) throw;
      alone_ = true;
    }
  }

  void sample(SyncedPlayer& player) {
    const prun::Clock::Reading now = clock_.read();
    const std::int64_t turn = now.time.time_since_epoch() / tick;
    if (turn % ticks_per_sample != 0) return;
    const SyncedPlayer::State state = player.state();
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
    if (alone_) return;
    try {
      world_.send(what, 0, tag);
    } catch (const prun::Error& error) {
      if (error.code() != prun::Errc::peer_lost) throw;
      alone_ = true;
    }
  }

  prun::Communicator world_;
  prun::Clock& clock_;
  const Options& options_;
  std::vector<std::string> films_;
  Director* director_;  // on rank 0
  std::vector<Sample> samples_;
  bool stopped_ = false;
  bool alone_ = false;  // rank 0 is lost
};

void say(const std::string& line) {
  std::printf("videowall: %s\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace

int run_rank(prun::Environment& env, const Options& options) {
  const prun::Communicator& world = env.world();
  std::vector<std::vector<std::string>> everybodys;
  for (int rank = 0; rank < world.size(); ++rank) {
    everybodys.push_back(films_of(options, rank, world.host(rank)));
  }
  const std::vector<std::string> films = deliver_films(world, everybodys, say);
  const int missing =
      tell_obstacles(world, find_obstacles(world, parse_player(options.player).front(), films));
  if (missing != 0) return missing;
  env.clock();
  std::optional<Director> director;
  if (world.rank() == 0) director.emplace(env, options);
  ScreenRank screen(env, options, films, director ? &*director : nullptr);
  screen.run();
  if (director) director->finish();
  return EXIT_SUCCESS;
}

}  // namespace wall
