#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "launcher/agent/rank_process.hpp"
#include "runtime/bootstrap/hang_messages.hpp"

namespace prun::agent {

// Answers the launcher when it asks what the ranks of this host wait for: passes the question on to
// those that use the library, gives them a moment, and says of all that have not answered by then
// what the kernel tells of their processes. Owned by the agent, one thread.
class StateCollector {
 public:
  using Ranks = std::map<std::uint32_t, std::unique_ptr<RankProcess>>;
  using Done = std::function<void(const bootstrap::HostStates&)>;

  StateCollector(asio::io_context& io, const Ranks& ranks, Done done);

  // Takes the place of an earlier question that is still open.
  void ask(const bootstrap::HangQuestion& question);
  // That rank's answer has come, and was sent on before this call.
  void answered(std::uint32_t rank, std::uint32_t question);

 private:
  using Clock = std::chrono::steady_clock;

  void finish();
  bootstrap::ProcessState look_at(RankProcess& rank) const;

  const Ranks& ranks_;
  Done done_;
  asio::steady_timer patience_;
  bool open_ = false;
  std::uint32_t number_ = 0;
  Clock::time_point asked_at_;
  std::map<std::uint32_t, std::chrono::milliseconds> used_then_;  // processor time of the silent
};

}  // namespace prun::agent
