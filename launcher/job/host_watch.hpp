#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "launcher/job/silence.hpp"
#include "launcher/liveness/messages.hpp"
#include "launcher/liveness/probe.hpp"

namespace prun::job {

// Watches the hosts of a job: whatever comes from one is a sign of life, its agent says something every
// half second, and one that says nothing is asked by datagrams as well, which a cable that was out for
// a while does not hold up. Owned by the job, on its thread; destroying it ends the watch.
class HostWatch {
 public:
  struct Handlers {
    // It is time to say something to the host, unless that has just been done.
    std::function<void(std::uint32_t host)> beat;
    // Whether the host's silence would mean anything now; `answers`: it has answered a datagram
    // before, so that even an agent with its hands full would.
    std::function<bool(std::uint32_t host, bool answers)> counts;
    // These have been silent for longer than anyone who lives; told again until they are forgotten.
    std::function<void(const std::vector<std::uint32_t>& hosts)> silent;
    // For -v: the host is not heard, and then heard again.
    std::function<void(std::uint32_t host, const std::string& text)> note;
  };

  HostWatch(asio::io_context& io, std::chrono::milliseconds limit, std::uint32_t hosts,
            Handlers handlers);
  ~HostWatch();
  HostWatch(const HostWatch&) = delete;
  HostWatch& operator=(const HostWatch&) = delete;

  // From now on this host is watched; the answer is for its agent.
  liveness::Watch begin(std::uint32_t host);
  void forget(std::uint32_t host);
  // Anything has come from it.
  void heard(std::uint32_t host);
  // Its agent answers datagrams there.
  void ask_at(std::uint32_t host, const std::string& address, std::uint16_t port);

  // Whether it has answered a datagram.
  bool answers(std::uint32_t host) const;
  std::chrono::milliseconds silence_of(std::uint32_t host) const { return silence_.of(host); }

 private:
  struct Asked;

  void look();
  void look_at(std::uint32_t host);

  asio::io_context& io_;
  WatchTimes times_;
  Silence silence_;
  Handlers handlers_;
  asio::steady_timer timer_;
  std::chrono::steady_clock::time_point beaten_{};
  std::vector<security::Key> keys_;            // by host
  std::vector<std::shared_ptr<Asked>> asked_;  // by host; null: no way to ask
  std::vector<bool> suspect_;                  // by host, as last told
};

}  // namespace prun::job
