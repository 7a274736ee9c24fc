#include "runtime/comm/rank_state.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "runtime/comm/comm_state.hpp"

namespace prun::detail {
namespace {

bootstrap::CommunicatorState state_of(const CommState& comm) {
  bootstrap::CommunicatorState state;
  state.context = comm.p2p_context();
  if (!comm.is_world()) state.members.assign(comm.members().begin(), comm.members().end());
  state.calls = comm.calls();
  comm.each_last_call([&](const EnteredCall& call) {
    state.last_calls.push_back(
        {std::string(call.name), call.root, call.count, call.type, place_of(call.at)});
  });
  return state;
}

bootstrap::UnreceivedMessage state_of(const p2p::UnexpectedMessage& message) {
  return {message.label.context, static_cast<std::uint32_t>(message.label.source),
          message.label.tag,     message.envelope.count,
          message.envelope.type, message.synchronous};
}

// Farms alone know of it: to whoever reads a report their messages are of the world.
void hide_lobby(std::uint32_t context, bootstrap::RankState& state) {
  for (auto& operation : state.operations) {
    if (operation.context == context) operation.context = 0;
  }
  for (auto& message : state.messages) {
    if (message.context == context) message.context = 0;
  }
}

}  // namespace

void describe(World& world, bootstrap::RankState& state) {
  std::optional<std::uint32_t> lobby;
  for (const CommState* comm : world.communicators()) {
    if (comm->is_lobby()) {
      lobby = comm->p2p_context();
    } else if (state.communicators.size() < bootstrap::most_told) {
      state.communicators.push_back(state_of(*comm));
    }
  }
  world.endpoint().each_unreceived([&](const p2p::UnexpectedMessage& message) {
    ++state.messages_in_all;
    if (state.messages.size() < bootstrap::most_told) state.messages.push_back(state_of(message));
  });
  if (lobby) hide_lobby(*lobby, state);
  std::as_const(world.endpoint())
      .each_link([&](transport::WorldRank peer, std::uint64_t sent, std::uint64_t received) {
        const auto number = static_cast<std::uint32_t>(peer);
        state.links.push_back({number, sent, received});
        const auto silence = world.silence(peer);
        if (!silence || state.silent.size() == bootstrap::most_told) return;
        // What this rank waits for now was sent before it began to wait.
        const auto ms = std::min(static_cast<std::uint64_t>(silence->count()), state.still_ms);
        state.silent.push_back({number, ms});
      });
}

}  // namespace prun::detail
