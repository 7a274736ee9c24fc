#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "runtime/clock/clock_packet.hpp"
#include "runtime/clock/clock_page.hpp"
#include "runtime/clock/offset_filter.hpp"
#include "runtime/core/port_range.hpp"
#include "runtime/core/result.hpp"

namespace prun::agent {

// The job's time on one host: asks the host above it in the tree for the time, about twice a second,
// writes it into the page that the ranks of the host read, and answers the hosts below. The host that
// leads asks nobody: what it shows is the job's time. The agent does this because it always has a
// moment; a rank that computes has none. One thread, that of the io_context; nothing is called after
// its end.
//
// Another host leads when the first is lost. It goes on with the time as it knows it, which was not
// quite that of the first, so what has been heard of the first says nothing exact of it. Therefore
// every answer tells how many have led before the one that its time comes from, and who hears of a new
// one begins to ask afresh.
class ClockService {
 public:
  struct Identity {
    security::Key job_key;
    std::uint64_t job_id;
    std::uint32_t host;  // this one's number
  };
  using OnReady = std::function<void()>;

  // `page` outlives it. `on_ready` is called once, when the time is known as well as it soon can be.
  ClockService(asio::io_context& io, const Identity& identity, clock::ClockPage& page,
               OnReady on_ready);
  ~ClockService();

  // Listens for questions on this numeric address, on the first free port of the range, or one of the
  // system's choice.
  core::Result<std::uint16_t> listen(const std::string& bind_address, const core::PortRange& ports);

  // From now on the time here is the job's: as it is known, or, where it is not, that of the own clock.
  // `leader`: how many others have led before.
  void lead(std::uint16_t leader);
  // From now on that host is asked for the time of that leader, or a later one. Again where the first
  // is lost.
  void follow(std::uint32_t host, const std::string& address, std::uint16_t port,
              std::uint16_t leader);

 private:
  struct Question {
    std::uint64_t cookie = 0;
    clock::Nanoseconds asked = 0;
  };

  void receive();
  bool receive_one();
  void answer(const clock::ClockPacket& question, clock::Nanoseconds came,
              const asio::ip::udp::endpoint& asker);
  void learn(const clock::ClockPacket& answer, clock::Nanoseconds came);
  void ask();
  void begin_with(std::uint16_t leader);
  void publish(const clock::ClockLine& line);
  void state_no_error();

  asio::ip::udp::socket socket_;
  asio::steady_timer next_;
  Identity identity_;
  security::Key key_;
  clock::ClockPage& page_;
  clock::LocalClock local_;
  OnReady on_ready_;
  clock::OffsetFilter filter_;
  asio::ip::udp::endpoint above_;
  std::uint32_t above_host_ = 0;
  Question question_;
  unsigned answers_ = 0;         // of the leader that is asked for
  std::uint16_t leader_ = 0;     // whose time is asked for
  std::uint16_t published_ = 0;  // whose time the page has
};

}  // namespace prun::agent
