#include "launcher/hang/message_findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "launcher/hang/words.hpp"

namespace prun::hang {
namespace {

using bootstrap::AwaitedOperation;
using bootstrap::RankState;
using bootstrap::UnreceivedMessage;

constexpr std::size_t most_told = 8;

// Point to point has the even contexts; the messages of collectives are nothing the user has sent.
bool is_point_to_point(const UnreceivedMessage& message) {
  return message.context % 2 == 0;
}

bool is_receive(const AwaitedOperation& operation) {
  return !operation.met && (operation.kind == AwaitedOperation::Kind::recv ||
                            operation.kind == AwaitedOperation::Kind::probe);
}

std::string message_text(const RankState& state, const UnreceivedMessage& message) {
  return fmt::format("from {}, tag {} ({})",
                     peer_text(state, message.context, static_cast<std::int32_t>(message.source)),
                     message.tag, elements_text(message.count, message.type));
}

// The one thing in which the message is not what the receive takes; nothing if there are several.
std::optional<std::string> one_difference(const RankState& state, const AwaitedOperation& receive,
                                          const UnreceivedMessage& message) {
  const bool context = receive.context == message.context;
  const bool source =
      receive.peer < 0 || static_cast<std::uint32_t>(receive.peer) == message.source;
  const bool tag = receive.tag < 0 || receive.tag == message.tag;
  if (context && source && !tag)
    return fmt::format("the tags differ, {} and {}", receive.tag, message.tag);
  if (context && !source && tag) {
    return fmt::format("it comes from {}, and the {} names {}",
                       peer_text(state, message.context, static_cast<std::int32_t>(message.source)),
                       receive.kind == AwaitedOperation::Kind::probe ? "probe" : "recv",
                       peer_text(state, receive.context, receive.peer));
  }
  if (!context && source && tag) {
    return fmt::format("it was sent on {}, and the receive is on {}",
                       communicator_text(state, message.context),
                       communicator_text(state, receive.context));
  }
  return std::nullopt;
}

const bootstrap::SourcePlace& place_of(const RankState& state, const AwaitedOperation& operation) {
  return operation.started.line != 0 ? operation.started : state.place;
}

// A send that is not done because its receiver has not asked for it.
bool waits_for_its_receive(const AwaitedOperation& operation) {
  return operation.kind == AwaitedOperation::Kind::send && !operation.met;
}

void look_at(const RankState& state, std::vector<std::string>& found) {
  for (const auto& operation : state.operations) {
    if (waits_for_its_receive(operation) &&
        operation.peer == static_cast<std::int32_t>(state.rank)) {
      found.push_back(fmt::format(
          "rank {} sends to itself{} and waits until that is received, which only it can do: begin "
          "the receive first (irecv)",
          state.rank, place_in_brackets(place_of(state, operation))));
    }
    if (!is_receive(operation)) continue;
    for (const auto& message : state.messages) {
      if (!is_point_to_point(message)) continue;
      const auto difference = one_difference(state, operation, message);
      if (!difference) continue;
      found.push_back(fmt::format("rank {} is in {}{}, and holds a message {}: {}", state.rank,
                                  operation_text(state, operation),
                                  place_in_brackets(place_of(state, operation)),
                                  message_text(state, message), *difference));
      break;
    }
  }
}

}  // namespace

std::vector<std::string> find_in_messages(const JobFacts& facts) {
  std::vector<std::string> found;
  each_state(facts, [&](const RankState& state) {
    if (state.waiting) look_at(state, found);
  });
  if (found.size() > most_told) {
    const std::size_t more = found.size() - most_told;
    found.resize(most_told);
    found.push_back(fmt::format("and {} more of this kind", more));
  }
  return found;
}

}  // namespace prun::hang
