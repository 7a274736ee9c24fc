#pragma once

#include <sys/types.h>

#include <array>
#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "runtime/bootstrap/control_frame.hpp"
#include "runtime/bootstrap/control_messages.hpp"
#include "runtime/bootstrap/hang_messages.hpp"
#include "runtime/bootstrap/loss_messages.hpp"
#include "runtime/core/result.hpp"

namespace prun::bootstrap {

// A rank's end of the descriptor it inherits from its agent: how it learns who it is, and what
// becomes of the others. Owned by the World. One thread, which runs the io_context; handlers are
// called from there.
class RankChannel {
 public:
  struct Handlers {
    std::function<void(const Endpoints&)> on_endpoints;
    std::function<void(const PeerLost&)> on_peer_lost;
    std::function<void()> on_clock_ready;
    std::function<void(const SurvivorsAsked&)> on_survivors_asked;
    std::function<void(const SurvivorsAgreed&)> on_survivors_agreed;
    std::function<void(const HangQuestion&)> on_question;
    std::function<void()> on_closed;  // the agent has gone
  };

  // Takes the descriptor over, introduces this process and waits for the answer. Blocks until then.
  static core::Result<std::unique_ptr<RankChannel>> join(asio::io_context& io, int descriptor);
  ~RankChannel();

  // Who this rank is and what the job looks like.
  const Welcome& welcome() const { return welcome_; }

  // The process at the other end; 0 if the kernel does not say.
  pid_t agent_process() const;

  // From now on the agent's messages reach the handlers.
  void listen(Handlers handlers);

  // These block for the little while the agent may take to read.
  void announce_port(std::uint16_t port);
  void announce_finalized();
  // Answered by on_clock_ready.
  void want_clock();
  void tell_stillness(Stillness stillness);
  void tell_state(RankState state);
  void announce_abort(std::int32_t exit_status, const std::string& text);
  void suspect(std::uint32_t peer, const std::string& cause);
  void ask_survivors(const SurvivorsAsked& message);

 private:
  struct State;
  RankChannel(std::shared_ptr<State> state, Welcome welcome);

  template <class Message>
  void send(const Message& message);
  static void read_next(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
  Welcome welcome_;
};

}  // namespace prun::bootstrap
