// Which operations can still end well when ranks are gone, or answer nobody for a while.
#include <utility>
#include <vector>

#include "runtime/p2p/endpoint.hpp"

namespace prun::p2p {

using core::Failure;

std::optional<Failure> Endpoint::hopeless(const match::Pattern& pattern,
                                          std::span<const WorldRank> members) const {
  if (!ended_contexts_.empty()) {
    const auto ended = ended_contexts_.find(pattern.context);
    if (ended != ended_contexts_.end()) return ended->second;
  }
  if (troubled_ == 0) return std::nullopt;
  const auto known = [this](WorldRank rank) -> const Peer* {
    const auto found = peers_.find(rank);
    return found == peers_.end() ? nullptr : found->second.get();
  };
  if (pattern.source != match::any) {
    const Peer* from = known(pattern.source);
    if (from == nullptr) return std::nullopt;
    return from->gone ? from->gone : from->away;
  }
  bool all_gone = true;
  const Failure* last = nullptr;
  for (const WorldRank rank : members) {
    const Peer* from = known(rank);
    if (from == nullptr || !from->gone) all_gone = false;
    if (from == nullptr) continue;
    if (from->away) return from->away;
    if (!from->gone) continue;
    if (from->gone->code == Errc::peer_lost) return from->gone;
    last = &*from->gone;
  }
  if (!all_gone) return std::nullopt;
  Failure failure{Errc::peer_finished, "every rank it could come from has gone"};
  if (last != nullptr) {
    failure.text += "; the last is: " + last->text;
    failure.peer = last->peer;
  }
  return failure;
}

const Failure* Endpoint::refusal(const Peer& to, std::uint32_t context) const {
  if (!ended_contexts_.empty()) {
    const auto ended = ended_contexts_.find(context);
    if (ended != ended_contexts_.end()) return &ended->second;
  }
  return to.gone ? &*to.gone : nullptr;
}

void Endpoint::narrow(RecvOperation& operation, std::span<const WorldRank> members) {
  operation.members_ = members;
  if (!operation.posted()) return;
  auto failure = hopeless(operation.pattern, members);
  if (!failure) return;
  matcher_.remove(operation);
  complete(operation, std::move(failure));
}

void Endpoint::fail_hopeless() {
  std::vector<std::pair<RecvOperation*, Failure>> found;
  matcher_.each_posted([&](match::Posted& posted) {
    auto& operation = static_cast<RecvOperation&>(posted);
    if (auto why = hopeless(operation.pattern, operation.members_))
      found.emplace_back(&operation, *std::move(why));
  });
  for (auto& [operation, why] : found) {
    matcher_.remove(*operation);
    complete(*operation, std::move(why));
  }
}

// Its caller is told, and the message goes on without him.
void Endpoint::orphan(SendOperation& operation, const Failure& why) {
  withdraw(operation);
  complete(operation, why);
}

void Endpoint::peer_away(WorldRank rank, const Failure& why) {
  Peer& from = peer(rank);
  if (from.gone) return;
  if (!from.away) ++troubled_;
  from.away = why;
  std::vector<SendOperation*> waiting;
  for (SendOperation* next = from.stalled.front(); next != nullptr;
       next = from.stalled.next(*next)) {
    if (!next->orphaned_) waiting.push_back(next);
  }
  for (auto& [id, operation] : from.rendezvous) {
    if (operation->state_ == SendOperation::State::announced && !operation->orphaned_)
      waiting.push_back(operation);
  }
  for (SendOperation* operation : waiting) orphan(*operation, why);
  fail_hopeless();
}

void Endpoint::peer_back(WorldRank rank) {
  if (std::exchange(peer(rank).away, std::nullopt)) --troubled_;
}

void Endpoint::end_context(std::uint32_t context, const Failure& why) {
  if (!ended_contexts_.emplace(context, why).second) return;
  std::vector<SendOperation*> announced;
  std::vector<RecvOperation*> matched;
  const auto note = [&](RecvOperation* receive) {
    if (receive != nullptr && receive->pattern.context == context) matched.push_back(receive);
  };
  for (auto& [rank, peer] : peers_) {
    for (SendOperation* next = peer->stalled.front(); next != nullptr;) {
      SendOperation& operation = *next;
      next = peer->stalled.next(operation);
      if (operation.envelope_.context != context) continue;
      core::IntrusiveList<SendOperation, StalledTag>::remove(operation);
      finish_send(operation, why);
    }
    for (auto& [id, operation] : peer->rendezvous) {
      if (operation->envelope_.context == context && !operation->orphaned_)
        announced.push_back(operation);
    }
    for (auto& [id, incoming] : peer->incoming) note(incoming.receive);
    note(peer->arriving.receive);
  }
  for (UnexpectedMessage& message : unexpected_) note(message.claimed_by);
  for (SendOperation* operation : announced) orphan(*operation, why);
  for (RecvOperation* operation : matched) {
    withdraw(*operation);
    complete(*operation, why);
  }
  fail_hopeless();
  // From here on its messages are nobody's; whoever announces one is told so.
  retire_context(context);
}

}  // namespace prun::p2p
