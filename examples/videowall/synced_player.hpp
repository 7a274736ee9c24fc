#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "player.hpp"
#include "sync_controller.hpp"
#include "timeline.hpp"

namespace wall {

// A player that shows what the timeline says, frame for frame: the work of one screen. It starts it
// at the agreed instant, holds it in step by its speed, jumps only when it is far off, and replaces
// it when it dies: the new one joins where the others are by then. Owned by the rank's main; one
// thread.
class SyncedPlayer {
 public:
  using Make = std::function<std::unique_ptr<Player>()>;
  using Now = std::function<Time()>;
  // Its reel is `reel.length()` long; the programme may be longer where the reel is endless.
  SyncedPlayer(Make make, Now now, Reel reel, View view);

  // Starts a player and shows the first picture. Throws PlayerError.
  void open();
  void follow(const Cue& cue);
  const Cue& newest_cue() const { return timeline_.newest(); }
  // One look, and what follows from it; to be called some twenty times a second. Blocks while a
  // player is started or sent elsewhere. Throws PlayerError when players die or cannot be started
  // again and again.
  void step();

  struct State {
    Seconds position{};            // of the programme, where it should be
    std::optional<Seconds> error;  // how far it is ahead; nothing while it is not playing
    double speed = 1;
    std::int64_t dropped_frames = 0;
    std::uint32_t replaced = 0;  // players so far
    bool playing = false;        // or about to
  };
  State state();

 private:
  void start_player();
  void obey();
  void join();
  void play_at(Seconds position, Time when);
  void hold_in_step();
  Seconds in_reel(Seconds position) const;

  Make make_;
  Now now_;
  Reel reel_;
  View view_;
  Timeline timeline_;
  SyncController controller_;
  std::unique_ptr<Player> player_;  // none for a moment after one has died
  std::uint32_t obeyed_ = 0;        // number of the newest cue that was acted on
  std::optional<Time> began_;       // playing, or about to, since then
  std::optional<Cue> standstill_;   // a pause to come, after which the very picture is to be shown
  Time last_observed_{};
  prun::Clock::duration lead_;  // how long a seek takes here, with some to spare
  double speed_ = 1;
  std::int64_t dropped_before_ = 0;  // by players before this one
  std::uint32_t replaced_ = 0;
  Time replaced_at_{};
  std::uint32_t replaced_lately_ = 0;
};

}  // namespace wall
