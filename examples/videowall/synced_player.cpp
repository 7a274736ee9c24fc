#include "synced_player.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace wall {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A player that is sent somewhere is there after this, at first guess and at most.
constexpr prun::Clock::duration first_lead = milliseconds(300);
constexpr prun::Clock::duration longest_lead = seconds(10);

// One that plays and says nothing for so long hangs.
constexpr prun::Clock::duration longest_silence = seconds(3);

// So many players within so long, and it is not worth trying any more.
constexpr std::uint32_t most_replaced = 5;
constexpr prun::Clock::duration lately = seconds(60);
// The first is replaced at once; a display that is out for a moment gets one more second each time.
constexpr prun::Clock::duration pause_between = seconds(1);

}  // namespace

SyncedPlayer::SyncedPlayer(Make make, Now now, Reel reel, View view)
    : make_(std::move(make)),
      now_(std::move(now)),
      reel_(std::move(reel)),
      view_(view),
      lead_(first_lead) {}

void SyncedPlayer::open() {
  start_player();
}

void SyncedPlayer::follow(const Cue& cue) {
  timeline_.add(cue);
}

void SyncedPlayer::step() {
  if (!player_ && now_() < replaced_at_ + (replaced_lately_ - 1) * pause_between) return;
  try {
    if (!player_) start_player();
    if (!player_->alive()) throw PlayerError("the player has ended");
    obey();
    if (began_) hold_in_step();
  } catch (const PlayerError& error) {
    const std::string words = player_ ? player_->last_words() : std::string();
    if (now_() - replaced_at_ > lately) replaced_lately_ = 0;
    if (++replaced_lately_ > most_replaced) {
      throw PlayerError(std::string(error.what()) + ", " + std::to_string(most_replaced) +
                        " times within a minute" +
                        (words.empty() ? "" : "\nits last words:\n" + words));
    }
    ++replaced_;
    replaced_at_ = now_();
    if (player_) dropped_before_ += player_->dropped_frames();
    player_.reset();
    began_.reset();
  }
}

SyncedPlayer::State SyncedPlayer::state() {
  const Time now = now_();
  State state;
  state.position = timeline_.at(now).position;
  state.playing = began_.has_value();
  if (began_ && now >= *began_) state.error = controller_.error();
  state.speed = speed_;
  state.dropped_frames = dropped_before_ + (player_ ? player_->dropped_frames() : 0);
  state.replaced = replaced_;
  return state;
}

void SyncedPlayer::start_player() {
  player_.reset();  // the screen is free before the next one takes it
  began_.reset();
  standstill_.reset();
  obeyed_ = 0;
  player_ = make_();
  player_->open(reel_, view_);
}

// Acts on what the timeline says.
void SyncedPlayer::obey() {
  const Cue& cue = timeline_.newest();
  if (standstill_ && now_() >= time_of(*standstill_)) {
    began_.reset();
    player_->preload(in_reel(Seconds(standstill_->position)));
    standstill_.reset();
  }
  const bool should_play = cue.playing != 0;
  if (cue.number == obeyed_) {
    if (should_play && !began_) join();
    return;
  }
  obeyed_ = cue.number;
  if (should_play) {
    if (began_ && timeline_.newest_changes_nothing()) return;
    play_at(Seconds(cue.position), time_of(cue));
  } else if (began_) {
    player_->pause_at(time_of(cue));
    standstill_ = cue;
  } else {
    player_->preload(in_reel(Seconds(cue.position)));
  }
}

// Takes the player to where the others will be in a moment, and has it go on with them.
void SyncedPlayer::join() {
  const Time when = std::max(now_() + lead_, time_of(timeline_.newest()));
  play_at(timeline_.at(when).position, when);
}

// If the place is reached too late began_ stays empty, and the next step joins.
void SyncedPlayer::play_at(Seconds position, Time when) {
  began_.reset();
  standstill_.reset();
  controller_.reset();
  speed_ = 1;
  const Time asked = now_();
  player_->preload(in_reel(position));
  const Time ready = now_();
  lead_ = std::clamp<prun::Clock::duration>(2 * (ready - asked), first_lead, longest_lead);
  if (ready > when) return;
  player_->play_at(when);
  began_ = when;
  last_observed_ = when;
}

void SyncedPlayer::hold_in_step() {
  const Time now = now_();
  const auto seen = player_->observe();
  if (seen && seen->time > *began_) {
    last_observed_ = seen->time;
    const Timeline::Target target = timeline_.at(seen->time);
    if (!target.playing) return;
    Seconds error = seen->position - in_reel(target.position);
    if (reel_.endless) {
      error = Seconds(std::remainder(error.count(), reel_.length().count()));
    }
    const SyncController::Decision decision = controller_.decide(error);
    if (decision.jump) {
      join();
    } else {
      speed_ = decision.speed;
      player_->set_speed(speed_);
    }
  } else if (now > last_observed_ + longest_silence && now > *began_ + longest_silence) {
    const bool at_end =
        !reel_.endless && timeline_.at(last_observed_).position + longest_silence >= reel_.length();
    if (!at_end && timeline_.at(now).playing) throw PlayerError("the player plays no more");
  }
}

Seconds SyncedPlayer::in_reel(Seconds position) const {
  const Seconds length = reel_.length();
  if (reel_.endless) return Seconds(std::fmod(position.count(), length.count()));
  return std::min(position, length);
}

}  // namespace wall
