#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "player.hpp"

namespace wall {

struct NullSettings {
  Seconds length{10};    // of every film
  double drift = 0;      // parts by which its own clock is fast
  Seconds late{};        // by how much it starts too late
  Seconds dies_after{};  // of playing; 0: never
};
bool is_null_player(std::string_view word);
// "null", or "null:length=2,drift=200,late=50,dies=3": seconds, parts per million, milliseconds,
// seconds. Throws std::invalid_argument.
NullSettings parse_null_player(const std::string& word);

// A player that shows nothing: a position that moves on as a film's would, on a clock that may
// drift. For tests, and to try a wall without mpv.
class NullPlayer : public Player {
 public:
  using Now = std::function<Time()>;
  NullPlayer(const NullSettings& settings, Now now);

  Seconds length_of(const std::string& film) override;
  void open(const Reel& reel, const View& view) override;
  void preload(Seconds position) override;
  void play_at(Time when) override;
  void pause_at(Time when) override;
  void set_speed(double speed) override;
  std::optional<Observation> observe() override;
  std::int64_t dropped_frames() const override { return 0; }
  bool alive() override;
  std::string last_words() override { return {}; }

 private:
  Seconds position_at(Time now) const;
  void go_on_from(Time now);  // takes what was played so far into position_

  NullSettings settings_;
  Now now_;
  Seconds reel_length_{};
  bool endless_ = false;
  std::optional<Time> begins_;  // playing from then on
  std::optional<Time> ends_;    // until then
  Seconds position_{};          // at begins_
  double speed_ = 1;
  std::optional<Time> first_began_;
};

}  // namespace wall
