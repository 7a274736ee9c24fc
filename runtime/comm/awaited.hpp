#pragma once

#include <prun/call_site.hpp>

#include <optional>
#include <string_view>
#include <utility>

#include "runtime/bootstrap/hang_messages.hpp"
#include "runtime/match/matcher.hpp"
#include "runtime/p2p/operation.hpp"

namespace prun::detail {

bootstrap::SourcePlace place_of(const CallSite& at);

// Gathers what a call waits for into the answer to the launcher's question.
class Awaited {
 public:
  explicit Awaited(bootstrap::RankState& state) : state_(state) {}

  void add(const p2p::SendOperation& send, const CallSite& started = {});
  void add(const p2p::RecvOperation& recv, const CallSite& started = {});
  void add_probe(const match::Pattern& pattern);
  // What was sent has not left this process yet, or that to one rank.
  void add_flush(std::optional<transport::WorldRank> peer);
  void add(bootstrap::AwaitedOperation operation);
  // One of them ends the wait; otherwise all of them have to come.
  void any_is_enough() { state_.any_is_enough = true; }

 private:
  bootstrap::RankState& state_;
};

// What a call of the library waits for, and where the call stands. Lives on the stack of the call.
// Making one is a few stores; it is asked only once the rank sleeps and somebody wonders.
class Waiting {
 public:
  std::string_view call() const { return call_; }
  const CallSite& at() const { return at_; }
  virtual void tell(Awaited& awaited) const = 0;

 protected:
  Waiting(std::string_view call, const CallSite& at) : call_(call), at_(at) {}
  ~Waiting() = default;

 private:
  std::string_view call_;
  CallSite at_;
};

// One whose operations `tell` adds:
//   const WaitingFor waiting("recv", at, [&](Awaited& awaited) { awaited.add(operation); });
template <class Tell>
class WaitingFor final : public Waiting {
 public:
  WaitingFor(std::string_view call, const CallSite& at, Tell tell)
      : Waiting(call, at), tell_(std::move(tell)) {}
  void tell(Awaited& awaited) const override { tell_(awaited); }

 private:
  Tell tell_;
};

// One that names no operation: what ends the wait is time, or the launcher's word.
class WaitingBesides final : public Waiting {
 public:
  explicit WaitingBesides(std::string_view call, const CallSite& at = {}) : Waiting(call, at) {}
  void tell(Awaited&) const override {}
};

}  // namespace prun::detail
