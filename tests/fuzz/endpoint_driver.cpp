#include "tests/fuzz/endpoint_driver.hpp"

#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {
namespace {

constexpr std::size_t operations_at_once = 24;
constexpr std::size_t most_bytes = 3000;
constexpr std::size_t memory_for_one_message = 1u << 20;
constexpr std::uint32_t last_context = 3;

// Small enough that every limit is met.
p2p::Limits small_limits() {
  p2p::Limits limits;
  limits.eager_bytes = 500;
  limits.envelopes_per_peer = 12;
  limits.eager_bytes_per_peer = 4000;
  limits.unexpected_bytes = 6000;
  return limits;
}

std::uint32_t some_context(Input& input) {
  return static_cast<std::uint32_t>(input.up_to(last_context));
}

std::int32_t some_tag(Input& input) {
  return static_cast<std::int32_t>(input.up_to(2));
}

Datatype some_type(Input& input) {
  switch (input.up_to(3)) {
    case 0:
      return {Kind::floating, 8, 0};
    case 1:
      return {Kind::record, 24, 77};
    default:
      return {};
  }
}

// A program's vector, on a machine with little memory.
std::byte* grow(void* owner, std::size_t count) {
  if (count > memory_for_one_message) throw std::bad_alloc();
  auto& buffer = *static_cast<std::vector<std::byte>*>(owner);
  buffer.resize(count);
  return buffer.data();
}

}  // namespace

EndpointDriver::EndpointDriver(transport::Transport& transport)
    : endpoint_(
          small_limits(),
          [&transport](p2p::WorldRank) -> transport::Transport& { return transport; },
          [this](p2p::WorldRank peer, bool orderly, const std::string& cause) {
            if (orderly) {
              endpoint_.peer_finished(peer);
            } else {
              endpoint_.peer_lost(peer, cause);
            }
          },
          [](p2p::WorldRank rank) { return "rank " + std::to_string(rank); }) {}

EndpointDriver::~EndpointDriver() {
  endpoint_.peer_lost(liar, "is given up");
  for (const auto& receive : receives_)
    require(receive->operation.done(), "a lost peer ends every receive from it");
  for (const auto& send : sends_)
    require(send->operation.done(), "a lost peer ends every send to it");
  sends_.clear();
  receives_.clear();
  endpoint_.run_ready();
  require(endpoint_.idle(), "no send is under way to a lost peer");
}

void EndpointDriver::act(Input& input) {
  switch (input.up_to(9)) {
    case 0:
    case 1:
      receive(input);
      break;
    case 2:
    case 3:
      send(input);
      break;
    case 4:  // the program leaves a wait by an exception
      if (!receives_.empty())
        receives_.erase(receives_.begin() +
                        static_cast<std::ptrdiff_t>(input.up_to(receives_.size() - 1)));
      break;
    case 5:
      if (!sends_.empty())
        sends_.erase(sends_.begin() + static_cast<std::ptrdiff_t>(input.up_to(sends_.size() - 1)));
      break;
    case 6:
      if (!receives_.empty()) {
        p2p::RecvOperation& chosen = receives_[input.up_to(receives_.size() - 1)]->operation;
        if (!chosen.done()) endpoint_.cancel(chosen);
      }
      break;
    case 7:
      endpoint_.take_in_unexpected();
      break;
    case 8:
      endpoint_.probe({some_context(input), match::any, match::any});
      break;
    default:  // a communicator goes when nobody waits on it any more
      std::erase_if(receives_, [](const auto& receive) {
        return receive->operation.pattern.context == last_context;
      });
      endpoint_.retire_context(last_context);
      break;
  }
  endpoint_.run_ready();
}

void EndpointDriver::receive(Input& input) {
  if (receives_.size() >= operations_at_once) receives_.pop_front();
  Receive& made = *receives_.emplace_back(std::make_unique<Receive>(endpoint_));
  const match::Pattern pattern{some_context(input), input.flag() ? match::any : liar,
                               input.flag() ? match::any : some_tag(input)};
  detail::RecvBuffer buffer;
  if (input.flag()) {
    buffer.grow = grow;
    buffer.owner = &made.buffer;
  } else {
    buffer.type = some_type(input);
    buffer.count = input.up_to(most_bytes) / buffer.type.size;
    buffer.exact = input.flag();
    made.buffer.resize(buffer.bytes());
    buffer.data = made.buffer.data();
  }
  endpoint_.start_recv(made.operation, pattern, buffer, others_);
}

void EndpointDriver::send(Input& input) {
  if (sends_.size() >= operations_at_once) sends_.pop_front();
  Send& made = *sends_.emplace_back(std::make_unique<Send>(endpoint_));
  made.payload.resize(input.up_to(most_bytes));
  const detail::SendBuffer buffer{made.payload.data(), made.payload.size(), {}};
  endpoint_.start_send(made.operation, liar, some_context(input), some_tag(input), buffer,
                       input.flag());
}

wire::Frame EndpointDriver::frame(Input& input) {
  wire::Frame frame;
  frame.kind = static_cast<wire::FrameKind>(1 + input.up_to(8));
  frame.flag = input.flag();
  frame.envelope.context = some_context(input);
  frame.envelope.tag = some_tag(input);
  frame.envelope.type = some_type(input);
  const bool sensible = input.u8() < 250;
  frame.envelope.count =
      sensible ? input.up_to(most_bytes) / frame.envelope.type.size : input.number(6);
  frame.send_id = sensible ? input.up_to(20) : input.number(8);
  frame.length = sensible ? static_cast<std::uint32_t>(input.up_to(most_bytes)) : input.u32();
  frame.packed_length = static_cast<std::uint32_t>(input.up_to(60));
  frame.history = static_cast<std::uint32_t>(input.up_to(400));
  frame.envelopes = sensible ? static_cast<std::uint32_t>(input.up_to(8)) : input.u32();
  frame.credit_bytes = sensible ? input.up_to(3000) : input.number(8);
  return frame;
}

}  // namespace prun::fuzz
