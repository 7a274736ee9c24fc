#include "null_player.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace wall {
namespace {

constexpr std::string_view name = "null";

}  // namespace

bool is_null_player(std::string_view word) {
  return word.substr(0, word.find(':')) == name;
}

NullSettings parse_null_player(const std::string& word) {
  NullSettings settings;
  std::string_view rest = std::string_view(word).substr(std::min(word.size(), name.size() + 1));
  while (!rest.empty()) {
    const std::string_view setting = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), setting.size() + 1));
    const std::size_t equals = std::min(setting.find('='), setting.size());
    const std::string_view key = setting.substr(0, equals);
    const std::string_view digits = setting.substr(std::min(equals + 1, setting.size()));
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool is_number = error == std::errc() && end == digits.data() + digits.size();
    if (is_number && key == "length" && value > 0) {
      settings.length = Seconds(value);
    } else if (is_number && key == "drift" && std::abs(value) < 1e5) {
      settings.drift = value * 1e-6;
    } else if (is_number && key == "late") {
      settings.late = Seconds(value * 1e-3);
    } else if (is_number && key == "dies" && value > 0) {
      settings.dies_after = Seconds(value);
    } else {
      throw std::invalid_argument("'" + std::string(setting) +
                                  "' is no setting of the null player: length=SECONDS, drift=PPM, "
                                  "late=MS, dies=SECONDS");
    }
  }
  return settings;
}

NullPlayer::NullPlayer(const NullSettings& settings, Now now)
    : settings_(settings), now_(std::move(now)) {}

Seconds NullPlayer::length_of(const std::string& /*film*/) {
  return settings_.length;
}

void NullPlayer::open(const Reel& reel, const View& /*view*/) {
  reel_length_ = reel.length();
  endless_ = reel.endless;
  begins_.reset();
  position_ = {};
}

void NullPlayer::preload(Seconds position) {
  begins_.reset();
  ends_.reset();
  position_ = position;
}

void NullPlayer::play_at(Time when) {
  go_on_from(when);
  begins_ = when + std::chrono::duration_cast<prun::Clock::duration>(settings_.late);
  ends_.reset();
  if (!first_began_) first_began_ = begins_;
}

void NullPlayer::pause_at(Time when) {
  ends_ = when;
}

void NullPlayer::set_speed(double speed) {
  go_on_from(now_());
  speed_ = speed;
}

std::optional<Player::Observation> NullPlayer::observe() {
  const Time now = now_();
  if (!begins_ || now < *begins_ || (ends_ && now >= *ends_)) return std::nullopt;
  return Observation{now, position_at(now)};
}

bool NullPlayer::alive() {
  return settings_.dies_after == Seconds{} || !first_began_ ||
         now_() - *first_began_ < settings_.dies_after;
}

Seconds NullPlayer::position_at(Time now) const {
  if (!begins_) return position_;
  const Time until = ends_ ? std::min(now, *ends_) : now;
  const auto played = std::chrono::duration_cast<Seconds>(until - *begins_);
  const Seconds position =
      position_ + std::max(played, Seconds{}) * (speed_ * (1 + settings_.drift));
  if (!endless_) return std::min(position, reel_length_);
  return Seconds(std::fmod(position.count(), reel_length_.count()));
}

void NullPlayer::go_on_from(Time now) {
  position_ = position_at(now);
  if (begins_ && now > *begins_) begins_ = now;
}

}  // namespace wall
