#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>

#include "runtime/coll/team.hpp"

namespace prun::coll {

// Several transfers of one kind under way, awaited in the order started. Lives in the frame of the
// algorithm.
//   Sends outgoing;
//   outgoing.start(team, next, block);
//   while (!outgoing.empty()) co_await outgoing.oldest();
template <class Transfer>
class Transfers {
 public:
  template <class Block>
  void start(const Team& team, int peer, const Block& block) {
    queue_.emplace_back(team, peer, block);
  }

  bool empty() const { return queue_.empty(); }
  std::size_t size() const { return queue_.size(); }
  // Whether the one started first is done.
  bool ready() const { return !queue_.empty() && queue_.front().await_ready(); }
  // Takes that one off the queue; throws what it failed with.
  void take() {
    queue_.front().await_resume();
    queue_.pop_front();
  }

  // Awaited: the one started first is done, and off the queue.
  auto oldest() {
    struct Oldest {
      std::deque<Transfer>* queue;
      bool await_ready() const noexcept { return queue->front().await_ready(); }
      void await_suspend(std::coroutine_handle<> waiter) const noexcept {
        queue->front().await_suspend(waiter);
      }
      void await_resume() const {
        queue->front().await_resume();
        queue->pop_front();
      }
    };
    return Oldest{&queue_};
  }

  // For AnyReady.
  void wait(std::coroutine_handle<> waiter) {
    if (!queue_.empty()) queue_.front().await_suspend(waiter);
  }
  void stop_waiting() {
    if (!queue_.empty()) queue_.front().stop_waiting();
  }

 private:
  std::deque<Transfer> queue_;
};

using Receives = Transfers<Receiving>;
using Sends = Transfers<Sending>;

// Awaited: the oldest receive or send is done, and still on its queue, or the outlet, if there is
// one, is free. For those who send and receive at once, so that neither direction stands still for
// the other.
//   co_await any_ready(incoming, outgoing, &outlet);
inline auto any_ready(Receives& incoming, Sends& outgoing, Outlet* outlet = nullptr) {
  struct AnyReady {
    Receives* incoming;
    Sends* outgoing;
    Outlet* outlet;
    bool await_ready() const noexcept {
      return incoming->ready() || outgoing->ready() || (outlet != nullptr && outlet->await_ready());
    }
    void await_suspend(std::coroutine_handle<> waiter) const {
      incoming->wait(waiter);
      outgoing->wait(waiter);
      if (outlet != nullptr) outlet->await_suspend(waiter);
    }
    void await_resume() const {
      incoming->stop_waiting();
      outgoing->stop_waiting();
      if (outlet != nullptr) outlet->stop_waiting();
    }
  };
  return AnyReady{&incoming, &outgoing, outlet};
}

}  // namespace prun::coll
