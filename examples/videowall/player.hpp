#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <prun/clock.hpp>

#include "layout.hpp"
#include "programme.hpp"
#include "timeline.hpp"

namespace wall {

// What a player cannot do, in words for people.
class PlayerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Films to be played one behind the other without a gap, so often that the rest is the clock's
// matter: with `endless` it begins anew at its end.
struct Reel {
  struct Film {
    std::string file;
    Seconds length;  // played that long, whatever the file's own length
  };
  std::vector<Film> films;
  std::uint64_t rounds = 1;
  bool endless = false;

  Seconds length() const {
    Seconds round{};
    for (const Film& film : films) round += film.length;
    return round * static_cast<double>(rounds);
  }
};

// Something that shows a reel on one screen: mpv (MpvPlayer), or nothing at all (NullPlayer). Made
// and owned by the Screen; one thread uses it. Calls throw PlayerError when the player cannot or
// does not answer in time; then it is thrown away and another one is made. Positions are seconds
// of the reel.
class Player {
 public:
  virtual ~Player() = default;

  // The length of a film that lies on this host.
  virtual Seconds length_of(const std::string& film) = 0;

  // Loads the reel and shows its first picture, standing still.
  virtual void open(const Reel& reel, const View& view) = 0;

  // Stands still at that place and shows its picture; returns when it does.
  virtual void preload(Seconds position) = 0;

  // Plays on from where it stands, at that time of the clock; returns at once.
  virtual void play_at(Time when) = 0;
  // Stands still at that time; returns at once.
  virtual void pause_at(Time when) = 0;

  // 1 is normal. Allowed at any time.
  virtual void set_speed(double speed) = 0;

  // Where it was at a time not long ago. Nothing while it stands still, or where nothing is known
  // that was not told before.
  struct Observation {
    Time time;
    Seconds position;
  };
  virtual std::optional<Observation> observe() = 0;

  // Pictures that came too late to be shown, since it was made.
  virtual std::int64_t dropped_frames() const = 0;

  // False when its process has ended.
  virtual bool alive() = 0;
  // What it said last, for messages: lines each ended, or nothing.
  virtual std::string last_words() = 0;
};

// Which player, and how it is started.
struct PlayerChoice {
  std::vector<std::string> command;  // "mpv" and its options, or the words behind "null"
  std::string output;                // see wall::Screen
  bool sound = false;
};
// `command` in a user's words: "mpv --vo=x11", or "null:length=10,drift=200". Throws
// std::invalid_argument.
std::vector<std::string> parse_player(const std::string& command);

std::unique_ptr<Player> make_player(const PlayerChoice& choice, prun::Clock& clock);

}  // namespace wall
