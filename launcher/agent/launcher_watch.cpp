#include "launcher/agent/launcher_watch.hpp"

#include <algorithm>
#include <utility>

#include "launcher/agent/tcp_table.hpp"

namespace prun::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Between two looks at the kernel's table, and how long the launcher must have been silent for the
// first: it says something every two seconds or so.
constexpr milliseconds between_looks{1000};
constexpr unsigned silent_beats = 10;

}  // namespace

bool CutOff::look(time_point now, bool unconfirmed) {
  const auto awake = clock_.look(now);
  if (!unconfirmed) {
    since_.reset();
    return false;
  }
  if (!since_) since_ = awake;
  return awake - *since_ >= limit_;
}

LauncherWatch::LauncherWatch(asio::io_context& io, FrameLink& link, const liveness::Watch& order,
                             const SshEnds& connection, std::function<void()> on_cut_off)
    : link_(link),
      interval_(order.beat_ms),
      connection_(connection),
      on_cut_off_(std::move(on_cut_off)),
      beat_timer_(io),
      look_timer_(io),
      heard_(steady_clock::now()),
      cut_off_(milliseconds(order.cut_off_ms), between_looks * 2, heard_) {
  // Without it the beats alone have to do.
  if (auto opened = ProbeAnswerer::open(connection.server_address, order.ports, order.key);
      opened.ok()) {
    answerer_ = std::move(opened).value();
    link_.send(liveness::ProbePort{answerer_->port()});
  }
  beat();
  look();
}

void LauncherWatch::heard() {
  heard_ = steady_clock::now();
  cut_off_.heard();
}

// Whatever is sent serves as a beat, and what waits for its turn will.
void LauncherWatch::beat() {
  const auto due = link_.last_sent() + interval_;
  const auto now = steady_clock::now();
  if (link_.is_idle() && now >= due) link_.send(liveness::Beat{});
  beat_timer_.expires_at(now >= due ? now + interval_ : due);
  beat_timer_.async_wait([this](asio::error_code error) {
    if (!error) beat();
  });
}

void LauncherWatch::look() {
  look_timer_.expires_after(between_looks);
  look_timer_.async_wait([this](asio::error_code error) {
    if (error) return;
    const auto now = steady_clock::now();
    const bool silent = now - heard_ >= interval_ * silent_beats;
    const bool unconfirmed = silent && resent_without_answer(connection_).value_or(0) > 0;
    if (cut_off_.look(now, unconfirmed)) return on_cut_off_();
    look();
  });
}

}  // namespace prun::agent
