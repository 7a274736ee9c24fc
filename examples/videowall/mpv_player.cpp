#include "mpv_player.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace wall {
namespace {

using std::chrono::milliseconds;

// A small board takes seconds to start mpv and to load a film from its card.
constexpr milliseconds patience_for_answer{20'000};
constexpr milliseconds patience_for_picture{20'000};

// Pictures follow each other closer than this, or something else than playing happened.
constexpr double longest_picture = 0.5;

}  // namespace

struct MpvPlayer::Sockets {
  Descriptor ours;
  Descriptor its;

  static Sockets make() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      throw std::system_error(errno, std::generic_category(), "socketpair");
    }
    return {Descriptor(ends[0]), Descriptor(ends[1])};
  }
};

std::vector<std::string> mpv_command(const PlayerChoice& choice, int connection) {
  std::vector<std::string> command{
      choice.command.front(), "--input-ipc-client=fd://" + std::to_string(connection), "--idle=yes",
      "--pause=yes", "--keep-open=always", "--force-window=yes", "--fullscreen=yes",
      "--hr-seek=yes", "--osc=no", "--osd-level=0", "--cursor-autohide=always",
      "--stop-screensaver=yes", "--input-terminal=no", "--input-default-bindings=no", "--ytdl=no",
      "--term-status-msg=", "--msg-level=all=warn",
      // Decoded by the board's hardware where it can, and cropped afterwards.
      "--hwdec=auto-copy-safe",
      // A change of speed of a few thousandths needs no other pitch.
      "--audio-pitch-correction=no"};
  if (!choice.sound) command.emplace_back("--audio=no");
  const bool is_display = !choice.output.empty() && choice.output.front() == ':';
  if (!choice.output.empty() && !is_display) {
    command.push_back("--fs-screen-name=" + choice.output);
    command.push_back("--drm-connector=" + choice.output);
  }
  // The user's last, so that they count.
  command.insert(command.end(), choice.command.begin() + 1, choice.command.end());
  return command;
}

MpvPlayer::MpvPlayer(const PlayerChoice& choice, prun::Clock& clock)
    : MpvPlayer(choice, clock, Sockets::make()) {}

MpvPlayer::MpvPlayer(const PlayerChoice& choice, prun::Clock& clock, Sockets sockets)
    : clock_(clock),
      process_(mpv_command(choice, sockets.its.get()), sockets.its.get()),
      connection_(std::move(sockets.ours),
                  [this](const MpvMessage& message) { on_event(message); }) {
  int number = 0;
  for (const char* property : {"time-pos", "frame-drop-count", "decoder-frame-drop-count"}) {
    connection_.tell({"observe_property", ++number, property});
  }
}

Seconds MpvPlayer::length_of(const std::string& film) {
  load(film);
  const nlohmann::json length = connection_.ask({"get_property", "duration"}, patience_for_answer);
  if (!length.is_number() || length.get<double>() <= 0) {
    throw PlayerError(film + " has no length");
  }
  return Seconds(length.get<double>());
}

void MpvPlayer::open(const Reel& reel, const View& view) {
  set("vf", crop_of(view));
  // A tile has the proportions of its screen.
  set("keepaspect", view.wall_aspect == 0);
  set("video-rotate", (360 - view.rotation) % 360);
  set("loop-file", reel.endless ? "inf" : "no");
  load(edl_of(reel));
}

void MpvPlayer::preload(Seconds position) {
  planned_.reset();
  set("pause", true);
  set("speed", 1.0);
  ask_and_wait_for_picture({"seek", position.count(), "absolute+exact"},
                           "the place it was sent to");
  const std::lock_guard lock(guard_);
  told_.reset();
  observation_.reset();
}

void MpvPlayer::play_at(Time when) {
  planned_ = clock_.at(when, [this] { connection_.tell({"set_property", "pause", false}); });
}

void MpvPlayer::pause_at(Time when) {
  planned_ = clock_.at(when, [this] { connection_.tell({"set_property", "pause", true}); });
}

void MpvPlayer::set_speed(double speed) {
  connection_.tell({"set_property", "speed", speed});
}

std::optional<Player::Observation> MpvPlayer::observe() {
  const std::lock_guard lock(guard_);
  return std::exchange(observation_, std::nullopt);
}

std::int64_t MpvPlayer::dropped_frames() const {
  const std::lock_guard lock(guard_);
  return dropped_late_ + dropped_by_decoder_;
}

bool MpvPlayer::alive() {
  return process_.running() && connection_.open();
}

std::string MpvPlayer::last_words() {
  return process_.last_words();
}

void MpvPlayer::on_event(const MpvMessage& message) {
  if (message.event == "property-change" && message.data.is_number()) {
    if (message.property == "time-pos") on_position(message.data.get<double>());
    const std::lock_guard lock(guard_);
    if (message.property == "frame-drop-count") dropped_late_ = message.data.get<std::int64_t>();
    if (message.property == "decoder-frame-drop-count") {
      dropped_by_decoder_ = message.data.get<std::int64_t>();
    }
    return;
  }
  const std::lock_guard lock(guard_);
  if (message.event == "playback-restart") ++pictures_ready_;
  if (message.event == "end-file" && message.reason == "error") ++failures_;
  changed_.notify_all();
}

void MpvPlayer::on_position(double position) {
  const Time now = clock_.now();
  const std::lock_guard lock(guard_);
  if (told_ && position > *told_ && position < *told_ + longest_picture) {
    observation_ = Observation{now, Seconds(*told_)};
  }
  told_ = position;
}

void MpvPlayer::load(const std::string& address) {
  ask_and_wait_for_picture({"loadfile", address}, address.substr(0, address.find(';')));
}

void MpvPlayer::ask_and_wait_for_picture(const nlohmann::json& words, const std::string& what) {
  std::unique_lock lock(guard_);
  const std::uint64_t ready_before = pictures_ready_;
  const std::uint64_t failures_before = failures_;
  lock.unlock();
  connection_.ask(words, patience_for_answer);
  lock.lock();
  const auto gone = [&] { return failures_ != failures_before || !connection_.open(); };
  const auto deadline = std::chrono::steady_clock::now() + patience_for_picture;
  // The end of the connection changes nothing here, hence the looks in between.
  while (pictures_ready_ == ready_before && !gone() &&
         std::chrono::steady_clock::now() < deadline) {
    changed_.wait_for(lock, milliseconds(100));
  }
  if (pictures_ready_ != ready_before) return;
  const std::string said = process_.last_words();
  throw PlayerError("mpv cannot show " + what + (said.empty() ? "" : "\nits last words:\n" + said));
}

void MpvPlayer::set(const char* property, const nlohmann::json& value) {
  connection_.ask({"set_property", property, value}, patience_for_answer);
}

}  // namespace wall
