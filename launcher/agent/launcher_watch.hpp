#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "launcher/agent/frame_link.hpp"
#include "launcher/agent/host_facts.hpp"
#include "launcher/agent/probe_answerer.hpp"
#include "launcher/liveness/awake_clock.hpp"
#include "launcher/liveness/messages.hpp"

namespace prun::agent {

// Whether the network that led to the launcher is gone for good. A launcher that says nothing may be
// stopped, and its job is fine; what its kernel does not confirm either is a cable. Pure: time is what
// it is told.
class CutOff {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  CutOff(std::chrono::milliseconds limit, std::chrono::milliseconds longest_step, time_point now)
      : limit_(limit), clock_(now, longest_step) {}

  void heard() { since_.reset(); }
  // `unconfirmed`: what was sent to the launcher's host is sent again and again. True once that has
  // gone on for as long as the limit.
  bool look(time_point now, bool unconfirmed);

 private:
  std::chrono::milliseconds limit_;
  liveness::AwakeClock clock_;
  std::optional<time_point> since_;
};

// The agent's side of liveness::Watch: says something to the launcher often enough, answers its probes,
// and tells when the host is cut off. Owned by the agent, on its thread; destroying it ends it.
class LauncherWatch {
 public:
  LauncherWatch(asio::io_context& io, FrameLink& link, const liveness::Watch& order,
                const SshEnds& connection, std::function<void()> on_cut_off);

  // Anything has come from the launcher.
  void heard();

 private:
  void beat();
  void look();

  FrameLink& link_;
  std::chrono::milliseconds interval_;
  SshEnds connection_;
  std::function<void()> on_cut_off_;
  std::unique_ptr<ProbeAnswerer> answerer_;
  asio::steady_timer beat_timer_;
  asio::steady_timer look_timer_;
  std::chrono::steady_clock::time_point heard_;
  CutOff cut_off_;
};

}  // namespace prun::agent
