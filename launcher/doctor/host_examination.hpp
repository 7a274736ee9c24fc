#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "launcher/doctor/facts.hpp"
#include "launcher/doctor/probe.hpp"
#include "launcher/ssh/line_child.hpp"

namespace prun::doctor {

// The examination of one host: a login, the facts its sh tells, and a few questions for the time of
// day, of which the one that was answered fastest counts. Whatever goes wrong ends up in the facts.
// Owned by the examiner, one thread; `facts` outlives it.
class HostExamination {
 public:
  HostExamination(asio::io_context& io, HostFacts& facts);

  // `command` brings the probe script to a shell of the host. on_over comes once.
  void begin(std::vector<std::string> command, std::chrono::milliseconds limit,
             std::function<void()> on_over);

 private:
  void log_in();
  void on_line(std::string_view line);
  void on_end(const ssh::LineChildEnd& end);
  void ask_time();
  Trouble trouble_of(const ssh::LineChildEnd& end) const;
  bool tries_again(const ssh::LineChildEnd& end);

  asio::io_context& io_;
  HostFacts& facts_;
  std::vector<std::string> command_;
  std::chrono::milliseconds limit_{0};
  std::function<void()> on_over_;
  std::unique_ptr<ssh::LineChild> child_;
  std::unique_ptr<ProbeReply> reply_;
  asio::steady_timer retry_;
  unsigned tries_ = 0;
  unsigned questions_ = 0;
  std::chrono::steady_clock::time_point begun_;
  std::chrono::nanoseconds asked_{0};  // by this machine's time of day
};

}  // namespace prun::doctor
