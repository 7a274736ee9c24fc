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
#include "film_loan.hpp"
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
  ScreenRank(prun::Environment& env, prun::Communicator comm, const Options& options,
             std::vector<std::string> films, FilmLender lender, Director* director)
      : env_(env),
        comm_(std::move(comm)),
        clock_(env.clock()),
        options_(options),
        films_(std::move(films)),
        lender_(std::move(lender)),
        director_(director) {}

  void run() {
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
    const Programme programme(lengths, options_.rounds);
    SyncedPlayer player(
        make, [this] { return clock_.now(); }, reel_of(programme, films_), view);
    insist([&] { player.open(); });
    comm_.send(std::int32_t{1}, 0, ready_tag);

    // Who was called comes in any case: the others wait for it.
    while (meeting_ || (!stopped_ && player.state().position < programme.length())) {
      take_orders(player);
      player.step();
      if (meeting_ && clock_.now() >= *meeting_) meet();
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

  void take_orders(SyncedPlayer& player) {
    with_rank_0([&] {
      while (comm_.iprobe(0, cue_tag)) player.follow(comm_.recv<Cue>(0, cue_tag));
      if (comm_.iprobe(0, stop_tag)) stopped_ = true;
      if (comm_.iprobe(0, meet_tag)) {
        meeting_ = Time(std::chrono::nanoseconds(comm_.recv<std::int64_t>(0, meet_tag)));
      }
    });
  }

  // The players go on by themselves meanwhile.
  void meet() {
    meeting_.reset();
    comm_ = env_.restore();
    alone_ = !comm_.rank_of_world(0);
    if (director_ != nullptr) director_->regrouped(comm_);
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
    with_rank_0([&] { comm_.send(what, 0, tag); });
  }

  // If rank 0 is lost the screen plays what was agreed to its end. It may only have been the first to
  // come to a meeting: then what was sent arrives all the same.
  template <class Do>
  void with_rank_0(Do what) {
    if (alone_) return;
    try {
      what();
    } catch (const prun::Error& error) {
      if (error.code() != prun::Errc::peer_lost) throw;
      const std::vector<int> lost = comm_.lost();
      alone_ = std::find(lost.begin(), lost.end(), 0) != lost.end();
    }
  }

  prun::Environment& env_;
  prun::Communicator comm_;  // of all that are there, rank 0 its first
  prun::Clock& clock_;
  const Options& options_;
  std::vector<std::string> films_;
  FilmLender lender_;
  Director* director_;  // on rank 0
  std::vector<Sample> samples_;
  std::optional<Time> meeting_;  // with screens that are back
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
  // Who was started again comes while the others play: it does alone what all do together at first.
  const bool late = env.incarnation() > 0;
  const prun::Communicator comm = late ? env.restore() : world;
  if (comm.world_rank(0) != 0) return EXIT_SUCCESS;  // all has ended meanwhile
  FilmLender lender(everybodys, world.rank());
  const std::vector<std::string> films =
      late ? borrow_films(comm, lender, say) : deliver_films(world, everybodys, say);
  const Obstacles obstacles = find_obstacles(world, parse_player(options.player).front(), films);
  const int missing = late ? obstacles.exit_status : tell_obstacles(world, obstacles);
  if (late && missing != 0) {
    std::fputs(obstacles.text.c_str(), stderr);
    comm.send(std::int32_t{1}, 0, done_tag);  // the others wait for it no more
  }
  if (missing != 0) return missing;
  env.clock();
  std::optional<Director> director;
  if (world.rank() == 0) director.emplace(env, options);
  ScreenRank screen(env, comm, options, films, std::move(lender), director ? &*director : nullptr);
  screen.run();
  if (director) director->finish();
  return EXIT_SUCCESS;
}

}  // namespace wall
