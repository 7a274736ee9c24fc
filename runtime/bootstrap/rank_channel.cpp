#include "runtime/bootstrap/rank_channel.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <prun/version.hpp>

#include <asio/buffer.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <utility>

#include "runtime/bootstrap/clock_messages.hpp"

namespace prun::bootstrap {

struct RankChannel::State {
  explicit State(asio::io_context& io) : socket(io) {}

  // Hands the whole frames received so far to the handlers; false once the channel is of no use.
  bool dispatch() {
    for (;;) {
      const auto next = parser.next();
      if (!next) return false;
      if (!next.value()) return true;
      const ControlFrame& frame = *next.value();
      if (frame.kind == ControlKind::endpoints) {
        const auto message = decode_frame<Endpoints>(frame);
        if (!message) return false;
        handlers.on_endpoints(message.value());
      } else if (frame.kind == ControlKind::peer_lost) {
        const auto message = decode_frame<PeerLost>(frame);
        if (!message) return false;
        handlers.on_peer_lost(message.value());
      } else if (frame.kind == ControlKind::clock_ready) {
        handlers.on_clock_ready();
      } else if (frame.kind == ControlKind::survivors_asked) {
        const auto message = decode_frame<SurvivorsAsked>(frame);
        if (!message) return false;
        handlers.on_survivors_asked(message.value());
      } else if (frame.kind == ControlKind::survivors_agreed) {
        const auto message = decode_frame<SurvivorsAgreed>(frame);
        if (!message) return false;
        handlers.on_survivors_agreed(message.value());
      } else if (frame.kind == ControlKind::hang_question) {
        const auto message = decode_frame<HangQuestion>(frame);
        if (!message) return false;
        handlers.on_question(message.value());
      } else {
        return false;
      }
    }
  }

  asio::local::stream_protocol::socket socket;
  ControlParser parser;
  Handlers handlers;
  bool listening = false;
  std::array<std::byte, 4096> buffer{};
};

RankChannel::RankChannel(std::shared_ptr<State> state, Welcome welcome)
    : state_(std::move(state)), welcome_(std::move(welcome)) {}

RankChannel::~RankChannel() {
  state_->listening = false;
  asio::error_code ignored;
  state_->socket.close(ignored);
}

core::Result<std::unique_ptr<RankChannel>> RankChannel::join(asio::io_context& io, int descriptor) {
  const auto broken = [](const std::string& why) {
    return core::Failure{Errc::not_prun,
                         "PRUN_FD is set, but " + why +
                             "; start the program with prun, or without PRUN_FD to run alone"};
  };
  auto state = std::make_shared<State>(io);
  asio::error_code error;
  // Programs that this rank starts have no business with the agent.
  if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) return broken("its descriptor is not open");
  state->socket.assign(asio::local::stream_protocol(), descriptor, error);
  if (error) return broken("its descriptor is no socket: " + error.message());

  RankHello hello;
  hello.version = PRUN_VERSION_STRING;
  asio::write(state->socket, asio::buffer(encode_frame(hello)), error);
  for (;;) {
    if (error) return broken("nobody answers there: " + error.message());
    const auto next = state->parser.next();
    if (!next) return broken(next.failure().text);
    if (next.value()) {
      auto welcome = decode_frame<Welcome>(*next.value());
      if (next.value()->kind != ControlKind::welcome || !welcome) {
        return broken(
            "the agent speaks another version than this program's prun " PRUN_VERSION_STRING);
      }
      return std::unique_ptr<RankChannel>(
          new RankChannel(std::move(state), std::move(welcome).value()));
    }
    const std::size_t got = state->socket.read_some(asio::buffer(state->buffer), error);
    state->parser.feed(std::span(state->buffer).first(got));
  }
}

pid_t RankChannel::agent_process() const {
  ucred who{};
  socklen_t length = sizeof(who);
  if (::getsockopt(state_->socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &who, &length) != 0)
    return 0;
  return who.pid;
}

void RankChannel::listen(Handlers handlers) {
  state_->handlers = std::move(handlers);
  state_->listening = true;
  if (!state_->dispatch()) {
    state_->handlers.on_closed();
    return;
  }
  read_next(state_);
}

void RankChannel::read_next(const std::shared_ptr<State>& state) {
  state->socket.async_read_some(asio::buffer(state->buffer),
                                [state](const asio::error_code& error, std::size_t got) {
                                  if (!state->listening) return;
                                  state->parser.feed(std::span(state->buffer).first(got));
                                  if (error || !state->dispatch()) {
                                    state->handlers.on_closed();
                                  } else if (state->listening) {
                                    read_next(state);
                                  }
                                });
}

template <class Message>
void RankChannel::send(const Message& message) {
  // A channel that is broken is reported by the reading side.
  asio::error_code ignored;
  asio::write(state_->socket, asio::buffer(encode_frame(message)), ignored);
}

void RankChannel::announce_port(std::uint16_t port) {
  RankEndpoint message;
  message.rank = welcome_.rank;
  message.port = port;
  send(message);
}

void RankChannel::announce_finalized() {
  send(RankFinalized{});
}

void RankChannel::want_clock() {
  send(ClockWanted{});
}

void RankChannel::tell_stillness(Stillness stillness) {
  send(RankStillness{welcome_.rank, stillness});
}

void RankChannel::tell_state(RankState state) {
  state.rank = welcome_.rank;
  send(state);
}

void RankChannel::announce_abort(std::int32_t exit_status, const std::string& text) {
  RankAborting message;
  message.rank = welcome_.rank;
  message.exit_status = exit_status;
  message.text = text;
  send(message);
}

void RankChannel::suspect(std::uint32_t peer, const std::string& cause) {
  send(PeerSuspected{welcome_.rank, peer, cause});
}

void RankChannel::ask_survivors(const SurvivorsAsked& message) {
  send(message);
}

}  // namespace prun::bootstrap
