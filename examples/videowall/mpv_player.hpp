#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <prun/clock.hpp>

#include "child_process.hpp"
#include "mpv_connection.hpp"
#include "player.hpp"

namespace wall {

// The command line of an mpv for this choice, whose IPC connection is the descriptor `connection`.
std::vector<std::string> mpv_command(const PlayerChoice& choice, int connection);

// mpv, driven over its JSON IPC connection.
//
// mpv tells of each picture (the property time-pos) when it takes it up, which is when the one
// before has just gone to the screen. So what is on the screen when a position is told is the
// position told before: that is measured against the framebuffer, by the test of the wall.
class MpvPlayer : public Player {
 public:
  MpvPlayer(const PlayerChoice& choice, prun::Clock& clock);

  Seconds length_of(const std::string& film) override;
  void open(const Reel& reel, const View& view) override;
  void preload(Seconds position) override;
  void play_at(Time when) override;
  void pause_at(Time when) override;
  void set_speed(double speed) override;
  std::optional<Observation> observe() override;
  std::int64_t dropped_frames() const override;
  bool alive() override;
  std::string last_words() override;

 private:
  struct Sockets;
  MpvPlayer(const PlayerChoice& choice, prun::Clock& clock, Sockets sockets);

  void on_event(const MpvMessage& message);
  void on_position(double position);
  void load(const std::string& address);
  // Gives the command and waits for mpv's word that the picture at the new place is there.
  void ask_and_wait_for_picture(const nlohmann::json& words, const std::string& what);
  void set(const char* property, const nlohmann::json& value);

  prun::Clock& clock_;

  // Written by the connection's thread.
  mutable std::mutex guard_;
  std::condition_variable changed_;
  std::uint64_t pictures_ready_ = 0;  // events playback-restart
  std::uint64_t failures_ = 0;        // events end-file for an error
  std::optional<double> told_;        // the position told last, while it plays
  std::optional<Observation> observation_;
  std::int64_t dropped_late_ = 0;
  std::int64_t dropped_by_decoder_ = 0;

  ChildProcess process_;
  MpvConnection connection_;
  std::optional<prun::ScheduledCall> planned_;
};

}  // namespace wall
